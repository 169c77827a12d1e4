import { LogAppender } from './log-appender.ts';
import { LogCleaning } from './log-cleaning.ts';
import { LogCuts } from './log-cuts.ts';
import { LogFileReader } from './log-file-reader.ts';
import { LogFlusher, type LogFlusherHost } from './log-flusher.ts';
import { LogFlushRules } from './log-flush-rules.ts';
import { LogGuard } from './log-guard.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { LoadedLog } from './log-loader.ts';
import type { LogOptions } from './log-options.ts';
import type { LogParts } from './log-parts.ts';
import { LogProducers } from './log-producers.ts';
import type { LogState } from './log-state.ts';
import { LogUpkeep } from './log-upkeep.ts';
import { LogWriter, type LogWriterHost } from './log-writer.ts';
import { Segments } from './segments.ts';
import { Tail } from './tail.ts';

/** What a log's operations tell it. */
export interface LogEvents {
  /** All batches below `endOffset` are in their files. */
  written(endOffset: number): void;
  /** `flushedEndOffset` moved. */
  flushed(): void;
  /** The disk cannot be relied on any more. */
  failed(error: Error): void;
  /** The end was cut off, and perhaps what was compacted: settles when no checkpoint says otherwise. */
  cut(isCleanedCut: boolean): Promise<void>;
}

/** A log's parts, and those who work on them. */
export interface AssembledLog {
  readonly state: LogState;
  readonly parts: LogParts;
  readonly guard: LogGuard;
  readonly producers: LogProducers;
  readonly appender: LogAppender;
  readonly upkeep: LogUpkeep;
  readonly flushRules: LogFlushRules;
  readonly cleaning: LogCleaning;
  readonly cuts: LogCuts;
}

/** Puts a log together from what was loaded. */
export function assembleLog(options: LogOptions, loaded: LoadedLog, events: LogEvents): AssembledLog {
  const { environment, config, directory } = options;
  const { logStartOffset, endOffset } = loaded;
  const host = {
    ...{ config, directory, logStartOffset, logEndOffset: endOffset },
    ...events,
    syncWritten: () => upkeep.syncWritten(),
    alone: <T>(action: () => Promise<T>) => guard.alone(action),
    isDiskFailure: (error: unknown): error is Error => upkeep.isDiskFailure(error),
  };
  const parts = makeParts(environment, loaded, host);
  const guard = new LogGuard(host);
  const producers = new LogProducers(parts);
  const appender = new LogAppender(parts, host, producers, endOffset);
  const upkeep = new LogUpkeep(parts, host, loaded.areEpochsOnDisk);
  const flushRules = new LogFlushRules(environment.clock, parts.flusher, host);
  const cleaning = new LogCleaning(parts, host, Math.min(options.cleanedOffset ?? 0, endOffset));
  const cuts = new LogCuts({ parts, state: host, guard, appender, cleaning, upkeep, cut: events.cut });
  return { state: host, parts, guard, producers, appender, upkeep, flushRules, cleaning, cuts };
}

function makeParts(
  environment: LogEnvironment,
  loaded: LoadedLog,
  host: LogWriterHost & LogFlusherHost & { readonly config: LogConfig },
): LogParts {
  const { clock, handles } = environment;
  const segments = new Segments(loaded.segments);
  const tail = new Tail(environment.memory);
  return {
    environment,
    segments,
    tail,
    writer: new LogWriter({ clock, handles, segments, tail, host }),
    flusher: new LogFlusher(host, loaded.endOffset),
    reader: new LogFileReader(environment, segments, () => host.config.indexIntervalBytes),
    epochs: loaded.epochs,
    producers: loaded.producers,
    snapshots: loaded.snapshots,
  };
}
