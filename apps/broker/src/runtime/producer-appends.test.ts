import { encodeEndTransactionMarker, encodePlainRecordBatch, ErrorCode } from '@ks/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { core, NOW_MS, record, Rig, stopRigs } from './replica-rig.test-support.ts';
import type { AppendRequest } from './replica-manager.ts';
import { appendRequest, BROKER_EPOCH } from './replicas.test-support.ts';

afterEach(stopRigs);

interface Producer {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly isTransactional?: boolean;
}

/** A producer's batch, from `baseSequence` on. */
function produced(baseSequence: number, values: readonly string[], over: Producer = {}): Uint8Array {
  const producer = { producerId: 7, producerEpoch: 0, isTransactional: false, ...over };
  return encodePlainRecordBatch(
    values.map((value) => record(value)),
    { checksum: core, baseSequence, ...producer },
  );
}

function ended(committed: boolean, producerEpoch = 0): Uint8Array {
  const producer = { producerId: 7, producerEpoch, coordinatorEpoch: 1 };
  return encodeEndTransactionMarker({ ...producer, committed, timestampMs: NOW_MS }, core);
}

/** A transactional request whose coordinator answers with `errorCode`, when `answer` settles. */
function transactional(errorCode: number, answer: Promise<void> = Promise.resolve()): Partial<AppendRequest> {
  const verify = async ({ partitions }: { partitions: readonly unknown[] }) => {
    await answer;
    return partitions.map(() => errorCode);
  };
  return { apiVersion: 12, transaction: { transactionalId: 'tx', verifier: { verify } } };
}

const marking = { origin: 'coordinator' } as const;

describe('appends of an idempotent producer', () => {
  it('answers a repetition with the offsets of the original, for acks of one and all, and appends it once', async () => {
    const rig = await Rig.leading();
    const batches = [produced(0, ['a', 'b']), produced(2, ['c']), produced(3, ['d'])];
    for (const each of batches) expect(await rig.errorOf(each)).toBe(0);
    for (const acks of [1, -1] as const) {
      const [again] = await rig.append([batches[0] ?? null], { acks });
      expect(again).toMatchObject({ errorCode: 0, baseOffset: 0, lastOffset: 1, logAppendTimeMs: -1 });
    }
    expect(await rig.values()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('waits with the repetition of a batch whose write is under way', async () => {
    const rig = await Rig.leading();
    const appends = [0, 1, 0].map((sequence) => rig.replicas.append(appendRequest([produced(sequence, ['x'])])));
    const results = await rig.settle(Promise.all(appends.map(({ completion }) => completion)));
    expect(results.map(([result]) => result?.baseOffset)).toEqual([0, 1, 0]);
    expect(await rig.values()).toEqual(['x', 'x']);
  });

  it('tells the append time of the original where the broker sets it', async () => {
    const rig = await Rig.leading({ messageTimestampType: 'LogAppendTime' });
    const [first] = await rig.append([produced(0, ['a'])]);
    await rig.clock.advance(5000);
    const [again] = await rig.append([produced(0, ['a'])]);
    expect(again?.logAppendTimeMs).toBe(first?.logAppendTimeMs);
  });

  it('refuses what is out of order or of an epoch that was succeeded', async () => {
    const rig = await Rig.leading();
    expect(await rig.errorOf(produced(0, ['a'], { producerEpoch: 1 }))).toBe(0);
    const outOfOrder = produced(2, ['c'], { producerEpoch: 1 });
    expect(await rig.errorOf(outOfOrder)).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await rig.errorOf(produced(1, ['b']))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(await rig.values()).toEqual(['a']);
  });

  it('knows the last five batches over a restart', async () => {
    const rig = await Rig.leading();
    for (let sequence = 0; sequence < 8; sequence++) await rig.append([produced(sequence, [`${sequence}`])]);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    for (let sequence = 3; sequence < 8; sequence++) {
      const [again] = await rig.append([produced(sequence, [`${sequence}`])]);
      expect(again).toMatchObject({ errorCode: 0, baseOffset: sequence });
    }
    expect(await rig.errorOf(produced(9, ['9']))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await rig.errorOf(produced(8, ['8']))).toBe(0);
    expect(await rig.values()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  });

  it('are taken from any sequence on when the producer was silent for producer.id.expiration.ms', async () => {
    const rig = await Rig.leading({ producerIdExpirationMs: 1_000_000 });
    await rig.append([produced(0, ['a'])]);
    await rig.clock.advance(700_000);
    expect(await rig.errorOf(produced(5, ['b']))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    await rig.clock.advance(700_000);
    expect(await rig.errorOf(produced(5, ['b']))).toBe(0);
  });
});

describe('appends of a transaction', () => {
  it('ask the coordinator once, and hold readers of committed records back until the marker', async () => {
    const rig = await Rig.leading();
    const append = rig.replicas.append(
      appendRequest([produced(0, ['a'], { isTransactional: true })], transactional(ErrorCode.NONE)),
    );
    expect(append.admitting).toBeDefined();
    expect((await rig.settle(append.completion))[0]).toMatchObject({ errorCode: 0, baseOffset: 0 });
    const next = produced(1, ['b'], { isTransactional: true });
    const unasked = rig.replicas.append(appendRequest([next], transactional(ErrorCode.UNKNOWN_SERVER_ERROR)));
    expect(unasked.admitting).toBeUndefined();
    await rig.settle(unasked.completion);
    const partition = rig.replicas.partition('orders', 0);
    expect([partition?.lastStableOffset, partition?.highWatermark]).toEqual([0, 2]);
    expect(await rig.errorOf(ended(false), marking)).toBe(0);
    expect([partition?.lastStableOffset, partition?.highWatermark]).toEqual([3, 3]);
    expect(partition?.log.producers.abortedTransactions(0, 3)).toMatchObject([{ producerId: 7, firstOffset: 0 }]);
  });

  it('are refused where the coordinator does not know them, in words that the version knows', async () => {
    const rig = await Rig.leading();
    const data = produced(0, ['a'], { isTransactional: true });
    const cases = [
      [ErrorCode.NOT_COORDINATOR, 12, ErrorCode.NOT_ENOUGH_REPLICAS],
      [ErrorCode.CONCURRENT_TRANSACTIONS, 12, ErrorCode.CONCURRENT_TRANSACTIONS],
      [ErrorCode.CONCURRENT_TRANSACTIONS, 11, ErrorCode.NOT_ENOUGH_REPLICAS],
      [ErrorCode.TRANSACTION_ABORTABLE, 11, ErrorCode.TRANSACTION_ABORTABLE],
      [ErrorCode.TRANSACTION_ABORTABLE, 10, ErrorCode.INVALID_TXN_STATE],
      [ErrorCode.PRODUCER_FENCED, 12, ErrorCode.INVALID_PRODUCER_EPOCH],
    ] as const;
    for (const [answer, apiVersion, errorCode] of cases) {
      expect(await rig.errorOf(data, { ...transactional(answer), apiVersion })).toBe(errorCode);
    }
    expect(await rig.errorOf(data)).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(await rig.values()).toEqual([]);
  });

  it('lose their leave to a marker that is written while the coordinator is asked', async () => {
    const rig = await Rig.leading();
    let answered: () => void = () => undefined;
    const asking = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const data = produced(0, ['a'], { isTransactional: true });
    const { completion } = rig.replicas.append(appendRequest([data], transactional(ErrorCode.NONE, asking)));
    expect(await rig.errorOf(ended(false), marking)).toBe(0);
    answered();
    expect((await rig.settle(completion))[0]?.errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(rig.replicas.partition('orders', 0)?.lastStableOffset).toBe(1);
  });

  it('of one request come from one producer', async () => {
    const rig = await Rig.leading({}, 2);
    const data = [7, 8].map((producerId) => produced(0, ['a'], { producerId, isTransactional: true }));
    const results = await rig.append(data, transactional(ErrorCode.NONE));
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    ]);
  });

  it('end with a marker of the coordinator that decides now, above the epoch they were written in', async () => {
    const rig = await Rig.leading();
    await rig.append([produced(0, ['a'], { isTransactional: true })], transactional(ErrorCode.NONE));
    const version2 = { ...marking, transactionVersion: 2 };
    expect(await rig.errorOf(ended(true), version2)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(await rig.errorOf(ended(true, 1), version2)).toBe(0);
  });
});

describe('a batch that claims the broker’s time', () => {
  it('is stored with the times of its records', async () => {
    const rig = await Rig.leading();
    const records = [0, 7, 3].map((late) => record('a', { timestamp: NOW_MS + late }));
    const bytes = encodePlainRecordBatch(records, { checksum: core, logAppendTimeMs: NOW_MS + 500 });
    expect(await rig.errorOf(bytes)).toBe(0);
    const [batch] = await rig.batches();
    expect([batch?.isLogAppendTime, batch?.maxTimestamp, batch?.isCrcValid(core)]).toEqual([false, NOW_MS + 7, true]);
  });
});

describe('the deletion of records', () => {
  const asked = (offset: number, topic = 'orders') => ({
    topic,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    partitionIndex: 0,
    offset,
  });

  it('moves the start of the log for good, to any offset up to the high watermark', async () => {
    const rig = await Rig.leading();
    await rig.append([produced(0, ['a', 'b', 'c'])]);
    await rig.append([produced(3, ['d'])]);
    const deleted = await rig.settle(rig.replicas.deleteRecords([asked(2), asked(1), asked(5), asked(-2)]));
    expect(deleted.map(({ errorCode, lowWatermark }) => [errorCode, lowWatermark])).toEqual([
      [0, 2],
      [0, 2],
      [ErrorCode.OFFSET_OUT_OF_RANGE, -1],
      [ErrorCode.OFFSET_OUT_OF_RANGE, -1],
    ]);
    expect(await rig.settle(rig.replicas.deleteRecords([asked(-1)]))).toMatchObject([{ lowWatermark: 4 }]);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    expect(rig.replicas.partition('orders', 0)?.logStartOffset).toBe(4);
    // A producer outlives its records.
    expect((await rig.append([produced(3, ['d'])]))[0]).toMatchObject({ errorCode: 0, baseOffset: 3 });
  });

  it('is on disk before it is answered', async () => {
    const rig = await Rig.leading();
    await rig.append([produced(0, ['a', 'b'])]);
    await rig.settle(rig.replicas.deleteRecords([asked(1)]));
    const bytes = await rig.disk.readFile('/data/d0/log-start-offset-checkpoint');
    expect(new TextDecoder().decode(bytes)).toBe('0\n1\norders 0 1\n');
  });

  it('is refused where records may not go, and of topics that are not there', async () => {
    const rig = await Rig.leading({ cleanupPolicy: { delete: false, compact: true } });
    const results = await rig.replicas.deleteRecords([asked(0), asked(0, 'nope')]);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.POLICY_VIOLATION,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
  });
});
