import type { ReplicatedState } from '../core/replicated-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { CoordinatorLog } from './coordinator-log.ts';
import type { Replayed } from './replay.ts';

/** How a coordinator's records are written, and what it answers where its state cannot be asked. */
export interface CoordinatorFormat<Command, Rec, Reply> {
  encode(record: Rec): { readonly key: Uint8Array; readonly value: Uint8Array | null };
  /** Undefined for what a newer release wrote. */
  decode(key: Uint8Array, value: Uint8Array | null): Rec | undefined;
  /** The reply where a Kafka error code of the log or of the runtime says all. */
  refused(command: Command, errorCode: number): Reply;
}

export interface ReplicatedRuntimeOptions<Command, Rec, Reply, Change, Effect> {
  /** A fresh, empty state: one for each load. */
  readonly createState: () => ReplicatedState<Command, Rec, Reply, Change, Effect>;
  readonly format: CoordinatorFormat<Command, Rec, Reply>;
  readonly log: CoordinatorLog;
  readonly replayOptions: Omit<Replayed<Rec>, 'log' | 'decode' | 'apply' | 'applyMarker'>;
  /** Carries out an effect; the soft change it gives, if any, is made at once. */
  readonly perform: (effect: Effect) => Change | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Commands that may wait for their turn; more are refused with COORDINATOR_NOT_AVAILABLE. */
  readonly queuedCommandsMax: number;
}
