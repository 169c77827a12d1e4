import { ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProducerIdAndEpoch } from './commands.ts';
import { CoordinatorWorld } from './coordinator-world.test-support.ts';
import type { ProducerReply, TransactionReply } from './replies.ts';

// What a client is answered is held to Apache Kafka in compat/tests/transaction-rules.test.ts; here is what that cannot reach.

let world: CoordinatorWorld;
beforeEach(() => {
  world = new CoordinatorWorld();
});

function ask(command: Parameters<CoordinatorWorld['submit']>[0]): TransactionReply {
  let reply: TransactionReply | 'lost' = 'lost';
  world.submit(command, (told) => {
    reply = told;
  });
  world.commit();
  if (reply === 'lost') throw new Error('no reply');
  return reply;
}
const init = (expected?: ProducerIdAndEpoch) =>
  ask({
    ...{ type: 'init-producer-id', transactionalId: 't', timeoutMs: 1000 },
    ...{ expected, freshProducerId: undefined },
  }) as ProducerReply;
const add = (owner: ProducerIdAndEpoch, clientTransactionVersion: number) => {
  const { producerId, producerEpoch } = owner;
  const partitions = [{ topic: 'a', partitionIndexes: [0] }];
  const reply = ask({
    ...{
      type: 'add-partitions',
      transactionalId: 't',
      producerId,
      producerEpoch,
      partitions,
      clientTransactionVersion,
    },
  });
  return reply.type === 'partitions' ? reply.topics[0]?.partitions[0]?.errorCode : undefined;
};
const end = ({ producerId, producerEpoch }: ProducerIdAndEpoch, committed: boolean, clientTransactionVersion: number) =>
  ask({
    ...{ type: 'end', transactionalId: 't', producerId, producerEpoch, committed, clientTransactionVersion },
    freshProducerId: undefined,
  }) as ProducerReply;
const complete = (): void => {
  for (const job of [...world.jobs.values()]) world.completed(job);
  world.commit();
};
const state = () => world.shard.transaction('t');

/** As after years of use. */
function wear(producerEpoch: number): ProducerReply {
  const { producerId } = init();
  const value = state();
  if (value === undefined) throw new Error('no transaction');
  world.log.push({ transactionalId: 't', value: { ...value, producerEpoch } });
  world.crash(1);
  return { type: 'producer', errorCode: ErrorCode.NONE, producerId, producerEpoch };
}

describe('a producer that was fenced', () => {
  test('does not disturb the open transaction of the one that fenced it', () => {
    const old = init();
    const heir = init();
    expect(add(heir, 0)).toBe(ErrorCode.NONE);
    expect(init(old).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    expect(state()?.state).toBe('Ongoing');
  });

  test.each([0, 2])(
    'cannot end the transaction of the one that fenced it, nor what that has not begun (version %i)',
    (version) => {
      const old = init();
      const heir = init();
      expect(end(old, false, version).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
      add(heir, version);
      expect(end(old, true, version).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
      expect(end(heir, true, version).errorCode).toBe(ErrorCode.NONE);
      complete();
      expect(end(old, true, version).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    },
  );
});

test('only partitions that were added belong to the transaction, and only until it ends', () => {
  const producer = init();
  const verify = () => {
    const partitions = [{ topic: 'a', partitionIndexes: [0, 1] }];
    const { producerId, producerEpoch } = producer;
    const reply = ask({ type: 'verify-partitions', transactionalId: 't', producerId, producerEpoch, partitions });
    return reply.type === 'partitions' ? reply.topics[0]?.partitions.map(({ errorCode }) => errorCode) : undefined;
  };
  const { NONE, TRANSACTION_ABORTABLE, CONCURRENT_TRANSACTIONS } = ErrorCode;
  expect(verify()).toEqual([TRANSACTION_ABORTABLE, TRANSACTION_ABORTABLE]);
  add(producer, 0);
  expect(verify()).toEqual([NONE, TRANSACTION_ABORTABLE]);
  end(producer, true, 0);
  expect(verify()).toEqual([CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS]);
  complete();
  expect(verify()).toEqual([TRANSACTION_ABORTABLE, TRANSACTION_ABORTABLE]);
});

test('news of markers that are not those of the prepared transaction completes nothing', () => {
  const producer = init();
  add(producer, 2);
  const next = end(producer, true, 2);
  const { producerId, producerEpoch } = next;
  world.submit({ type: 'completed', transactionalId: 't', producerId, producerEpoch: producerEpoch - 1 });
  world.submit({ type: 'completed', transactionalId: 't', producerId: producerId + 1, producerEpoch });
  expect(state()?.state).toBe('PrepareCommit');
  complete();
  expect(state()?.state).toBe('CompleteCommit');
});

describe('at the end of the epochs', () => {
  test('a new producer gets another producer id, and so does one that asks for its next epoch', () => {
    const worn = wear(32_766);
    const fresh = init();
    expect([fresh.producerEpoch, fresh.producerId === worn.producerId]).toEqual([0, false]);
    expect(init(worn).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    const again = wear(32_766);
    const asked = init(again);
    expect([asked.producerEpoch, asked.producerId === again.producerId]).toEqual([0, false]);
    expect(init(again), 'the answer was lost').toEqual(asked);
  });

  test('a transaction of version 2 ends with the last epoch in its markers and another id for the next', () => {
    const worn = wear(32_766);
    add(worn, 2);
    const next = end(worn, true, 2);
    expect([next.producerEpoch, next.producerId === worn.producerId]).toEqual([0, false]);
    expect(world.jobs.get('t')).toMatchObject({ producerId: worn.producerId, producerEpoch: 32_767, committed: true });
    expect(end(worn, true, 2).errorCode, 'asked again').toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(add(next, 2), 'the next is too early').toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(end(next, false, 2).errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    world.crash(0);
    complete();
    expect(end(worn, true, 2), 'asked again after a restart').toEqual(next);
    expect(end(worn, false, 2).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(add(next, 2)).toBe(ErrorCode.NONE);
  });

  test.each([0, 2])('nobody goes on in the greatest epoch after a time-out (version %i)', (version) => {
    const worn = wear(32_766);
    add(worn, version);
    world.pass(1000);
    world.commit();
    complete();
    expect(state()).toMatchObject({ state: 'CompleteAbort', producerEpoch: 32_767 });
    expect(end(worn, false, version).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    expect(add({ ...worn, producerEpoch: 32_767 }, version)).toBe(ErrorCode.PRODUCER_FENCED);
    const asked = init(worn);
    expect([asked.errorCode, asked.producerEpoch, asked.producerId === worn.producerId]).toEqual([0, 0, false]);
  });
});

describe('a time-out', () => {
  test('counts from the beginning of the transaction, over restarts', () => {
    const producer = init();
    add(producer, 0);
    world.pass(600);
    world.crash(0);
    world.pass(399);
    expect(state()?.state).toBe('Ongoing');
    world.pass(1);
    expect(state()).toMatchObject({ state: 'PrepareAbort', producerEpoch: producer.producerEpoch + 1 });
  });

  test('of a transaction that has ended in time does not touch the next one', () => {
    const producer = init();
    add(producer, 0);
    world.pass(600);
    end(producer, true, 0);
    complete();
    add(producer, 0);
    world.pass(600);
    expect(state()?.state).toBe('Ongoing');
    world.pass(400);
    expect(state()?.state).toBe('PrepareAbort');
  });
});

test('ids that nobody uses are forgotten, a part at a time; open ones never', () => {
  const reply = (transactionalId: string) =>
    ask({
      type: 'init-producer-id',
      transactionalId,
      timeoutMs: 1000,
      expected: undefined,
      freshProducerId: undefined,
    });
  for (let index = 0; index < 50; index++) reply(`${index}`.padEnd(1000, '-'));
  add(init(), 0);
  const dayMs = 86_400_000;
  world.now = { monotonicMs: world.now.monotonicMs, wallMs: world.now.wallMs + 7 * dayMs - 1 };
  expect(ask({ type: 'expire' })).toMatchObject({ more: false });
  expect(world.transactionalIds.length).toBe(51);
  world.now = { monotonicMs: world.now.monotonicMs, wallMs: world.now.wallMs + 1 };
  let rounds = 1;
  for (let more = true; more; rounds++) more = (ask({ type: 'expire' }) as { more: boolean }).more;
  expect(rounds).toBeGreaterThan(2);
  expect(world.transactionalIds).toEqual(['t']);
});
