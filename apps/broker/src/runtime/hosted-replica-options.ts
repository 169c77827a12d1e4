import type { PartitionImage } from '../core/metadata/image.ts';
import type { PartitionSettings } from '../core/partition/partition.ts';
import type { Log } from '../storage/log.ts';
import type { HostedReplica } from './hosted-replica.ts';

export interface HostedReplicaOptions {
  readonly brokerId: number;
  readonly log: Log;
  readonly highWatermark: number;
  readonly settings: PartitionSettings;
  /** replica.lag.time.max.ms */
  readonly lagTimeMaxMs: number;
  /** The monotonic clock. */
  readonly nowMs: () => number;
  /** Called when parked fetches should look again: the watermark moved, or the partition stopped serving. */
  readonly wakeFetches: (replica: HostedReplica) => void;
  /** The ISR is to be written; `isrChangeEnded` is to be called when it is known what became of it. */
  readonly changeIsr: (replica: HostedReplica, wish: IsrWish) => void;
  /** Who it follows may have changed, or it is closed. */
  readonly roleChanged: (replica: HostedReplica) => void;
}

/** An ISR that a leader wants, and the record that it was decided on. */
export interface IsrWish {
  readonly partition: PartitionImage;
  readonly isr: readonly number[];
  readonly effectiveMinIsr: number;
}
