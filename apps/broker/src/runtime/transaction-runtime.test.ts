import { createCodec, ErrorCode } from '@ks/protocol';
import { beforeEach, expect, test } from 'vitest';
import type { TransactionCommand } from '../core/transaction/commands.ts';
import {
  decodeTransactionRecord,
  encodeTransactionRecord,
  type TransactionRecord,
} from '../core/transaction/records.ts';
import { refusedReply } from '../core/transaction/refused.ts';
import type { TransactionReply } from '../core/transaction/replies.ts';
import { defaultTransactionConfig } from '../core/transaction/transaction-config.ts';
import { TransactionShard } from '../core/transaction/transaction-shard.ts';
import type {
  SendMarkersEffect,
  TransactionEffect,
  TransactionSoftChange,
} from '../core/transaction/transaction-view.ts';
import { silentLogger } from '../silent-logger.ts';
import { FakeCoordinatorLog, referenceCore, settled } from './coordinator-log.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import { ReplicatedRuntime } from './replicated-runtime.ts';

let log: FakeCoordinatorLog;
let clock: ManualClock;
let shard: TransactionShard;
let prepared: SendMarkersEffect[];
let runtime: ReplicatedRuntime<
  TransactionCommand,
  TransactionRecord,
  TransactionReply,
  TransactionSoftChange,
  TransactionEffect
>;

beforeEach(async () => {
  log = new FakeCoordinatorLog();
  clock = new ManualClock();
  prepared = [];
  runtime = new ReplicatedRuntime({
    createState: () => {
      shard = new TransactionShard(defaultTransactionConfig);
      return shard;
    },
    format: { encode: encodeTransactionRecord, decode: decodeTransactionRecord, refused: refusedReply },
    log,
    replayOptions: { codec: createCodec(referenceCore), inflatedBytesMax: 1000, logger: silentLogger },
    perform: (effect) => {
      if (effect.type === 'retry') return effect;
      prepared.push(effect);
      return undefined;
    },
    clock,
    logger: silentLogger,
    queuedCommandsMax: 10,
  });
  await runtime.load();
});

const owner = { transactionalId: 't', producerId: 7, producerEpoch: 0 };
const turn = async (): Promise<void> => {
  clock.advanceTo(clock.monotonicMs());
  await settled();
};
async function submit(command: TransactionCommand, outcome: number = ErrorCode.NONE): Promise<TransactionReply> {
  const reply = runtime.submit(command);
  await turn();
  await log.settle(outcome);
  return reply;
}
async function begin(): Promise<void> {
  await submit({ ...owner, type: 'init-producer-id', timeoutMs: 60_000, expected: undefined, freshProducerId: 7 });
  const partitions = [{ topic: 'a', partitionIndexes: [0] }];
  await submit({ ...owner, type: 'add-partitions', partitions, clientTransactionVersion: 0 });
}
const commit = {
  ...owner,
  type: 'end',
  committed: true,
  clientTransactionVersion: 0,
  freshProducerId: undefined,
} as const;

test('markers go out when the outcome is committed, not before', async () => {
  await begin();
  const reply = runtime.submit(commit);
  await turn();
  expect([shard.transaction('t')?.state, prepared]).toEqual(['PrepareCommit', []]);
  await log.settle();
  expect([await reply, prepared.length]).toEqual([
    { type: 'producer', errorCode: 0, producerId: 7, producerEpoch: 0 },
    1,
  ]);
});

test('an outcome that is slow to be committed is written again until it is; then the markers go out, once', async () => {
  await begin();
  expect(await submit(commit, ErrorCode.REQUEST_TIMED_OUT)).toMatchObject({
    errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE,
  });
  expect(prepared).toEqual([]);
  clock.advanceTo(clock.monotonicMs() + 500);
  await turn();
  await log.settle(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
  expect([log.batches.length, prepared]).toEqual([4, []]);
  clock.advanceTo(clock.monotonicMs() + 500);
  await turn();
  await log.settle();
  expect(prepared).toMatchObject([{ transactionalId: 't', producerId: 7, producerEpoch: 0, committed: true }]);
  expect(await submit(commit)).toMatchObject({ errorCode: ErrorCode.CONCURRENT_TRANSACTIONS });
  clock.advanceTo(clock.monotonicMs() + 10_000);
  await turn();
  expect([log.batches.length, prepared.length]).toEqual([5, 1]);
});

test('an outcome that the log cannot take now changes nothing: the client asks again', async () => {
  await begin();
  log.refusedWith = ErrorCode.NOT_ENOUGH_REPLICAS;
  expect(await submit(commit)).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE });
  expect(shard.transaction('t')?.state).toBe('Ongoing');
  log.refusedWith = 0;
  expect(await submit(commit)).toMatchObject({ errorCode: 0 });
});

test('a time-out that the log cannot take now is tried again', async () => {
  await begin();
  log.refusedWith = ErrorCode.NOT_ENOUGH_REPLICAS;
  clock.advanceTo(clock.monotonicMs() + 60_000);
  await turn();
  expect(shard.transaction('t')?.state).toBe('Ongoing');
  log.refusedWith = 0;
  clock.advanceTo(clock.monotonicMs() + 500);
  await turn();
  await log.settle();
  expect(prepared).toMatchObject([{ committed: false, producerEpoch: 1 }]);
});
