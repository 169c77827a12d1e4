import { LogFileReader } from './log-file-reader.ts';
import { LogFlusher, type LogFlusherHost } from './log-flusher.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { LoadedLog } from './log-loader.ts';
import type { LogParts } from './log-parts.ts';
import { LogWriter, type LogWriterHost } from './log-writer.ts';
import { Segments } from './segments.ts';
import { Tail } from './tail.ts';

/** Puts a log's parts together. */
export function makeParts(
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
