import type { AnyTopic } from '../topic/topic.ts';
import type { OnInvalid } from './typed-record.ts';

/** How often a record is tried, and how long is waited in between. */
export interface RunRetry {
  /** Attempts in all, the first included. Default 1. */
  readonly attempts?: number | undefined;
  /** The wait after the first failure, in milliseconds; it doubles with each. Default 100. */
  readonly initialMs?: number | undefined;
  /** Default 30 000. */
  readonly maxMs?: number | undefined;
  /** Whether a failure is worth trying again; without it, every one is. */
  readonly isWorth?: ((error: unknown, attempt: number) => boolean) | undefined;
}

/** A topic where records wait that failed, to be tried again by the same consumers. */
export interface RetryTopic {
  readonly topic: AnyTopic | string;
  /** How long a record waits there, in milliseconds. */
  readonly delayMs: number;
}

export interface RunOptions {
  /** Records that are worked on at a time. Default 1. */
  readonly concurrency?: number | undefined;
  /** What is kept in order: records of one key (the default; those without a key are in no order), of one partition, nothing. */
  readonly order?: 'key' | 'partition' | 'none' | undefined;
  readonly retry?: RunRetry | undefined;
  /**
   * Where a record goes, one after the other, whose attempts are used up, to be tried again later: what comes behind it goes on meanwhile,
   * so that even a key's records overtake each other. The consumer reads these topics too.
   */
  readonly retryTopics?: readonly RetryTopic[] | undefined;
  /** Where a record goes that failed for good, with headers that say why (see `reasonHeaders`). Without it the run ends with the failure. */
  readonly deadLetter?: AnyTopic | string | undefined;
  /** Records that their topic's schema or codec refuses. Default 'throw', which ends the run. */
  readonly onInvalid?: Exclude<OnInvalid, 'raw'> | undefined;
  /** Records begun that wait, or wait for one before them to be committed; beyond that nothing new begins. Default 10 000. */
  readonly maxPending?: number | undefined;
  /** Ends the run with ABORTED, once what is under way has ended or had half a session's time for it. */
  readonly signal?: AbortSignal | undefined;
}

/** What a handler knows beside its record. */
export interface RunContext {
  /** Fires when the result counts no more: the partition went to another member, the run's signal fired. */
  readonly signal: AbortSignal;
  /** 1 for the first. Attempts before a retry topic count. */
  readonly attempt: number;
}
