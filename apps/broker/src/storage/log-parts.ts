import type { LeaderEpochCache } from './leader-epoch-cache.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { LogFileReader } from './log-file-reader.ts';
import type { LogFlusher } from './log-flusher.ts';
import type { LogWriter } from './log-writer.ts';
import type { Segments } from './segments.ts';
import type { ProducerSnapshots } from './producer-snapshots.ts';
import type { ProducerState } from './producer-state.ts';
import type { Tail } from './tail.ts';

/** What a log is made of, for the files that each hold one of its operations. */
export interface LogParts {
  readonly environment: LogEnvironment;
  readonly segments: Segments;
  readonly tail: Tail;
  readonly writer: LogWriter;
  readonly flusher: LogFlusher;
  readonly reader: LogFileReader;
  readonly epochs: LeaderEpochCache;
  readonly producers: ProducerState;
  readonly snapshots: ProducerSnapshots;
}
