import { Produce } from '@ks/protocol';
import type { TransactionCommand } from '../core/transaction/commands.ts';
import {
  decodeTransactionRecord,
  encodeTransactionRecord,
  type TransactionRecord,
} from '../core/transaction/records.ts';
import { refusedReply } from '../core/transaction/refused.ts';
import type { TransactionReply } from '../core/transaction/replies.ts';
import type { TransactionConfig } from '../core/transaction/transaction-config.ts';
import { TransactionShard } from '../core/transaction/transaction-shard.ts';
import type {
  SendMarkersEffect,
  TransactionEffect,
  TransactionSoftChange,
} from '../core/transaction/transaction-view.ts';
import type { Codec } from '../ports/codec.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { ReplicaLog } from './coordinator-log.ts';
import type { HostedPartition, ReplicaManager } from './replica-manager.ts';
import { ReplicatedRuntime } from './replicated-runtime.ts';

export interface TransactionPartitionOptions {
  readonly config: TransactionConfig;
  /** How long a record may take to be committed. */
  readonly commitTimeoutMs: number;
  /** transaction.state.log.load.buffer.size */
  readonly loadBufferBytes: number;
  readonly replicas: Pick<ReplicaManager, 'append'>;
  readonly checksum: { crc32c(bytes: Uint8Array, seed?: number): number };
  readonly codec: Codec;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a partition tells its owner. */
export interface TransactionPartitionHooks {
  /** A transaction is prepared, and committed as that: its markers may be written. */
  readonly prepared: (effect: SendMarkersEffect) => void;
  /** It is not led here any more; called once. */
  readonly lost: () => void;
}

/** The transactional ids of one partition of `__transaction_state` while this broker leads it under one leader epoch. */
export interface TransactionPartition {
  readonly leaderEpoch: number;
  /** Whether this broker still leads the partition under that epoch. */
  readonly isLed: boolean;
  submit(command: TransactionCommand): Promise<TransactionReply>;
  close(): void;
}

const QUEUED_COMMANDS_MAX = 100_000;
const INFLATED_BYTES_MAX = 64 * 1024 * 1024;

/** Starts to load the partition's transactions. */
export function openTransactionPartition(
  hosted: HostedPartition,
  options: TransactionPartitionOptions,
  hooks: TransactionPartitionHooks,
): TransactionPartition {
  const { clock, codec, checksum, config, replicas, commitTimeoutMs, loadBufferBytes } = options;
  const logger = options.logger.child({ topic: hosted.topic, partition: hosted.partitionIndex });
  const produceVersion = Produce.versions.max;
  const log = new ReplicaLog({
    partition: hosted,
    ...{ replicas, checksum, commitTimeoutMs, loadBufferBytes, produceVersion },
  });
  const runtime = new ReplicatedRuntime<
    TransactionCommand,
    TransactionRecord,
    TransactionReply,
    TransactionSoftChange,
    TransactionEffect
  >({
    createState: () => new TransactionShard(config),
    format: { encode: encodeTransactionRecord, decode: decodeTransactionRecord, refused: refusedReply },
    log,
    replayOptions: { codec, inflatedBytesMax: INFLATED_BYTES_MAX, logger },
    perform: (effect) => {
      if (effect.type === 'retry') return effect;
      hooks.prepared(effect);
      return undefined;
    },
    clock,
    logger,
    queuedCommandsMax: QUEUED_COMMANDS_MAX,
  });
  const unsubscribe = hosted.onChange(() => {
    if (!log.isLed) hooks.lost();
  });
  void runtime.load();
  return {
    leaderEpoch: hosted.leaderEpoch,
    get isLed() {
      return log.isLed;
    },
    submit: (command) => runtime.submit(command),
    close: () => {
      unsubscribe();
      runtime.close();
    },
  };
}
