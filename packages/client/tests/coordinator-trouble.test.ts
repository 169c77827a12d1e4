import { EndTxn, ErrorCode, Heartbeat, InitProducerId, JoinGroup, OffsetCommit } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { put, text } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeCoordinator } from './fake/fake-coordinator.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// Coordinators that move, refuse, forget and call: what becomes of members and of transactions.

async function opened() {
  const kafka = new FakeKafka(2);
  const coordinator = new FakeCoordinator(kafka);
  kafka.createTopic('t');
  const ks = await openClient(kafka);
  const closed = async (): Promise<void> => {
    await ks.close();
    // A long poll ends at the broker too.
    await pass(kafka, 600);
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  };
  return { kafka, coordinator, ks, closed };
}

/** Virtual time passes: long enough for heartbeats and commits. */
const pass = (kafka: FakeKafka, ms: number): Promise<void> =>
  new Promise((resolve) => void kafka.clock.setTimer(ms, resolve));

describe('a member of a group', () => {
  const options = { group: 'g', protocol: 'classic', from: 'beginning' } as const;
  const letters = Array.from({ length: 12 }, (_, index) => String.fromCharCode(97 + index));

  /** Reads the letters one by one, ten virtual seconds each; calls `between` after each. */
  async function readSlowly(
    { kafka, ks }: Awaited<ReturnType<typeof opened>>,
    between: (count: number) => void,
  ): Promise<string[]> {
    for (const letter of letters) put(kafka, 't', 0, letter);
    const consumer = ks.consumer(options);
    const values: string[] = [];
    for await (const record of consumer.read('t')) {
      values.push(text(record.value));
      between(values.length);
      await pass(kafka, 10_000);
      if (record.offset === letters.length - 1) break;
    }
    await consumer.commit([{ topic: 't', partition: 0, offset: letters.length }]);
    return values;
  }

  test('follows its coordinator to another broker: every record once, nothing joined anew', async () => {
    const all = await opened();
    const { kafka, coordinator, closed } = all;
    const values = await readSlowly(all, (count) => {
      if (count === 4) coordinator.nodeId = 2;
    });
    expect(values).toEqual(letters);
    expect(coordinator.committed.get('t 0')).toBe(letters.length);
    expect(kafka.requests(JoinGroup).filter(({ nodeId }) => nodeId === 2)).toEqual([]);
    expect(kafka.requests(Heartbeat).at(-1)?.nodeId).toBe(2);
    await closed();
  });

  test('in a storm of rebalances reads every record once, in order', async () => {
    const all = await opened();
    const { coordinator, closed } = all;
    const values = await readSlowly(all, () => {
      coordinator.rebalances += 5;
    });
    expect(values).toEqual(letters);
    expect(coordinator.generation).toBeGreaterThan(10);
    await closed();
  });

  test('that was away too long is none any more: it joins anew and goes on behind what is committed', async () => {
    const all = await opened();
    const { kafka, coordinator, closed } = all;
    let committed = 0;
    const values = await readSlowly(all, (count) => {
      if (count !== 6) return;
      // As when the event loop was blocked for longer than the session.
      committed = coordinator.committed.get('t 0') ?? 0;
      coordinator.forgetMember();
    });
    expect([...new Set(values)]).toEqual(letters);
    expect(values.length - letters.length).toBeLessThanOrEqual(6 - committed);
    expect(kafka.requests(JoinGroup).map(({ body }) => body.memberId)).toContain('');
    expect(coordinator.memberId).toBe('member-2');
    await closed();
  });

  test('that may not read the group is told so at once', async () => {
    const { coordinator, ks, closed } = await opened();
    coordinator.refusal = ErrorCode.GROUP_AUTHORIZATION_FAILED;
    const error = await errorOf(ks.consumer(options).read('t').next());
    expect(error).toMatchObject({ code: ErrorCode.GROUP_AUTHORIZATION_FAILED, retriable: false });
    await closed();
  });

  test('a commit of a member that is none any more is refused with its reason, and nothing is committed', async () => {
    const { kafka, coordinator, ks, closed } = await opened();
    put(kafka, 't', 0, 'a');
    const consumer = ks.consumer({ ...options, autoCommitIntervalMs: false });
    const reading = consumer.read('t');
    await reading.next();
    coordinator.forgetMember();
    const error = await errorOf(consumer.commit([{ topic: 't', partition: 0, offset: 1 }]));
    expect(error).toMatchObject({ code: ErrorCode.UNKNOWN_MEMBER_ID });
    expect(coordinator.committed.size).toBe(0);
    expect(kafka.requests(OffsetCommit)).toHaveLength(1);
    await reading.return();
    await closed();
  });
});

describe('a transaction', () => {
  const options = { transactionalId: 'tx', transactionProtocol: 1 } as const;

  test('whose coordinator moves is committed once, at the new one', async () => {
    const { kafka, coordinator, ks, closed } = await opened();
    const producer = ks.producer(options);
    await producer.transaction(async (tx) => {
      await tx.send('t', { value: 'a' });
      coordinator.nodeId = 2;
      await tx.send('t', { value: 'b' });
    });
    expect(coordinator.ends).toEqual([true]);
    expect(kafka.requests(EndTxn).map(({ nodeId }) => nodeId)).toEqual([1, 2]);
    expect(kafka.values('t', 0)).toEqual(['a', 'b']);
    await closed();
  });

  test('of a fenced producer fails for good, and asks nobody again', async () => {
    const { kafka, coordinator, ks, closed } = await opened();
    const producer = ks.producer(options);
    const work = producer.transaction(async (tx) => {
      await tx.send('t', { value: 'a' });
      coordinator.fence();
    });
    expect(await errorOf(work)).toMatchObject({ code: ErrorCode.PRODUCER_FENCED, retriable: false });
    const asked = kafka.received.length;
    expect(await errorOf(producer.transaction(() => {}))).toMatchObject({ code: ErrorCode.PRODUCER_FENCED });
    expect(kafka.received).toHaveLength(asked);
    expect(coordinator.ends).toEqual([]);
    await closed();
  });

  test('of who may not use the transactional id does not begin', async () => {
    const { kafka, coordinator, ks, closed } = await opened();
    coordinator.refusal = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    const producer = ks.producer(options);
    const error = await errorOf(producer.transaction((tx) => tx.send('t', { value: 'a' })));
    expect(error).toMatchObject({ code: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, retriable: false });
    expect(kafka.requests(InitProducerId)).toEqual([]);
    await closed();
  });

  test('that takes too long is told so, also where the broker ended it first; the producer is fenced then', async () => {
    const { coordinator, ks, closed } = await opened();
    const producer = ks.producer({ ...options, transactionTimeoutMs: 1000 });
    const work = producer.transaction(async (tx) => {
      await tx.send('t', { value: 'slow' });
      coordinator.fence();
      await new Promise(() => {});
    });
    expect(await errorOf(work)).toMatchObject({ code: ClientErrorCode.TIMED_OUT });
    expect(await errorOf(producer.transaction(() => {}))).toMatchObject({ code: ErrorCode.PRODUCER_FENCED });
    await closed();
  });
});
