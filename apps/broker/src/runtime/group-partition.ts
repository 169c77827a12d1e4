import { Produce } from '@ks/protocol';
import type { GroupCommand } from '../core/group/commands.ts';
import { type GroupEffect, GroupShard, type GroupSoftChange } from '../core/group/group-shard.ts';
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from '../core/group/records.ts';
import { refusedReply } from '../core/group/refused.ts';
import type { GroupReply } from '../core/group/replies.ts';
import { ReplicaLog } from './coordinator-log.ts';
import type { GroupCoordinatorOptions } from './group-coordinator-service.ts';
import type { HostedPartition } from './replica-manager.ts';
import { ReplicatedRuntime } from './replicated-runtime.ts';

/** The groups of one partition of `__consumer_offsets` while this broker leads it under one leader epoch. */
export interface GroupPartition {
  readonly runtime: ReplicatedRuntime<GroupCommand, GroupRecord, GroupReply, GroupSoftChange, GroupEffect>;
  /** The state of now, to look at. */
  readonly shard: () => GroupShard;
  /** Whether this broker still leads the partition under that epoch. */
  readonly isLed: boolean;
  /** Settles when its log was read, or could not be. */
  readonly loaded: Promise<void>;
  close(): void;
}

const QUEUED_COMMANDS_MAX = 100_000;
const INFLATED_BYTES_MAX = 64 * 1024 * 1024;

/** Starts to load the partition's groups; `lost` is called once when it is not led here any more. */
export function openGroupPartition(
  hosted: HostedPartition,
  options: GroupCoordinatorOptions,
  lost: () => void,
): GroupPartition {
  const { clock, codec, checksum, config, replicas, commitTimeoutMs, loadBufferBytes } = options;
  const logger = options.logger.child({ topic: hosted.topic, partition: hosted.partitionIndex });
  const produceVersion = Produce.versions.max;
  const log = new ReplicaLog({
    partition: hosted,
    replicas,
    checksum,
    commitTimeoutMs,
    loadBufferBytes,
    produceVersion,
    compression: { type: options.compressionType, codec },
  });
  const { image } = options;
  let shard = new GroupShard(config, image);
  const runtime = new ReplicatedRuntime<GroupCommand, GroupRecord, GroupReply, GroupSoftChange, GroupEffect>({
    createState: () => {
      shard = new GroupShard(config, image);
      return shard;
    },
    format: { encode: encodeGroupRecord, decode: decodeGroupRecord, refused: refusedReply },
    log,
    replayOptions: { codec, inflatedBytesMax: INFLATED_BYTES_MAX, logger },
    perform: (effect) => effect,
    clock,
    logger,
    queuedCommandsMax: QUEUED_COMMANDS_MAX,
  });
  const unsubscribe = hosted.onChange(() => {
    if (!log.isLed) lost();
  });
  const loaded = runtime.load();
  return {
    runtime,
    loaded,
    shard: () => shard,
    get isLed() {
      return log.isLed;
    },
    close: () => {
      unsubscribe();
      runtime.close();
    },
  };
}
