import { FilesError } from '../ports/files.ts';
import type { FilePart } from '../ports/wire-part.ts';
import { runSteps, runStepsSync } from './batch-scan.ts';
import { newReadPace, type ReadPace } from './cached-reads.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { Segment, SegmentIndexes } from './segment.ts';
import { loadIndexes, rebuildIndexes } from './segment-indexes.ts';
import { CorruptIndexError, type FileRange, locateRange, type RangeRequest } from './segment-reader.ts';
import type { Segments } from './segments.ts';

/** Whole batches found in files. */
export interface FileRead {
  /** Undefined where nothing may be given. */
  readonly part: FilePart | undefined;
  readonly nextOffset: number;
}

export interface FileReadRequest extends Omit<RangeRequest, 'knownPosition' | 'skipsEmpty'> {
  /** Leading batches without records are given, too. */
  readonly withEmpty: boolean;
}

/** Serves a log's reads from its segment files: finds whole batches by the indexes and leaves the reading to whoever sends them. */
export class LogFileReader {
  readonly #environment: LogEnvironment;
  readonly #segments: Segments;
  readonly #pace = newReadPace();
  readonly #indexIntervalBytes: () => number;
  /** Where the last read ended: a consumer that catches up goes on there. */
  #last:
    | { readonly segment: Segment; readonly generation: number; readonly offset: number; readonly position: number }
    | undefined;

  constructor(environment: LogEnvironment, segments: Segments, indexIntervalBytes: () => number) {
    this.#environment = environment;
    this.#segments = segments;
    this.#indexIntervalBytes = indexIntervalBytes;
  }

  /** Synchronous where the active segment's file is open: what is there was written lately, so the system has it cached. */
  read(request: FileReadRequest): FileRead | Promise<FileRead> {
    const segment = this.#segments.floor(request.startOffset);
    const file = segment === this.#segments.active ? this.#environment.handles.peek(segment.logPath) : undefined;
    if (file === undefined || segment.indexes === undefined) return this.#readAsync(request);
    // Compaction leaves the active segment alone: no batch of it is empty.
    const steps = locateRange(
      this.#environment.core,
      segment,
      segment.indexes,
      this.#withHint(segment, request, false),
    );
    let range: FileRange | undefined;
    try {
      range = runStepsSync(steps, (into, position) => file.readSync(into, position));
    } catch {
      // Whatever it is, the asynchronous way meets it too, and there it is dealt with.
      return this.#readAsync(request);
    }
    if (range === undefined) return { part: undefined, nextOffset: request.startOffset };
    return this.#result(segment, range);
  }

  async #readAsync(request: FileReadRequest): Promise<FileRead> {
    const read = request.withEmpty ? undefined : await this.#readSegments(request, true);
    // Nothing but emptied batches up to the end: they lead there.
    return read ?? (await this.#readSegments(request, false)) ?? { part: undefined, nextOffset: request.startOffset };
  }

  async #readSegments(request: FileReadRequest, skipsEmpty: boolean): Promise<FileRead | undefined> {
    let segment: Segment | undefined = this.#segments.floor(request.startOffset);
    while (segment !== undefined && segment.baseOffset < request.upToOffset) {
      const read = await this.#readSegment(segment, request, skipsEmpty);
      if (read !== undefined) return read;
      // By offset: a compaction may have put another segment in the place of this one and of those behind it.
      const next = this.#segments.floor(segment.endOffset);
      segment = next === segment ? undefined : next;
    }
    return undefined;
  }

  async #readSegment(segment: Segment, request: FileReadRequest, skipsEmpty: boolean): Promise<FileRead | undefined> {
    segment.hold();
    try {
      const range = await this.withIndexes(segment, (indexes) =>
        this.#locate(segment, indexes, this.#withHint(segment, request, skipsEmpty)),
      );
      return range === undefined ? undefined : this.#result(segment, range);
    } finally {
      segment.unhold();
    }
  }

  /** Runs `action` with the segment's indexes; where they turn out to be wrong they are built anew and it runs once more. */
  async withIndexes<T>(segment: Segment, action: (indexes: SegmentIndexes) => Promise<T>): Promise<T> {
    const indexes = await loadIndexes(this.#environment, segment, this.#indexIntervalBytes());
    try {
      return await retryMoved(segment, () => action(indexes));
    } catch (error) {
      if (!(error instanceof CorruptIndexError)) throw error;
      this.#environment.logger.warn({ segment: segment.path }, `an index is corrupt: ${error.message}`);
      return action(await rebuildIndexes(this.#environment, segment, this.#indexIntervalBytes()));
    }
  }

  #locate(segment: Segment, indexes: SegmentIndexes, request: RangeRequest): Promise<FileRange | undefined> {
    const { core, handles } = this.#environment;
    const steps = locateRange(core, segment, indexes, request);
    return handles.use(segment.logPath, (file) => runSteps(steps, (into, position) => file.read(into, position)));
  }

  #withHint(segment: Segment, request: FileReadRequest, skipsEmpty: boolean): RangeRequest {
    const last = this.#last;
    const isNext =
      last?.segment === segment && last.offset === request.startOffset && last.generation === segment.generation;
    return { ...request, skipsEmpty, knownPosition: isNext ? last.position : undefined };
  }

  #result(segment: Segment, range: FileRange): FileRead {
    const { nextOffset } = range;
    const { generation } = segment;
    this.#last = { segment, generation, offset: nextOffset, position: range.position + range.sizeBytes };
    if (range.sizeBytes === 0) return { part: undefined, nextOffset };
    return { part: filePart(this.#environment, segment, range, this.#pace), nextOffset };
  }
}

function filePart(environment: LogEnvironment, segment: Segment, range: FileRange, pace: ReadPace): FilePart {
  const { generation } = segment;
  segment.hold();
  const read = async (into: Uint8Array, at: number): Promise<void> => {
    const count = await retryMoved(segment, () =>
      environment.handles.use(segment.logPath, (file) => file.read(into, range.position + at)),
    );
    if (count < into.length || segment.generation !== generation) {
      throw new FilesError('io', segment.logPath, 'the log was truncated while it was being read');
    }
  };
  const readNow = (into: Uint8Array, at: number): boolean => {
    const file = environment.handles.peek(segment.logPath);
    if (file === undefined || segment.generation !== generation) return false;
    let count = 0;
    try {
      const isRead = environment.cachedReads.attempt(pace, () => {
        count = file.readSync(into, range.position + at);
      });
      return isRead && count === into.length;
    } catch {
      // Whatever it is, the asynchronous way meets it too, and there it is dealt with.
      return false;
    }
  };
  return { kind: 'file', sizeBytes: range.sizeBytes, read, readNow, release: () => segment.unhold() };
}

/** Runs `action` again where the segment's files were renamed between its asking for the path and its opening the file. */
async function retryMoved<T>(segment: Segment, action: () => Promise<T>): Promise<T> {
  for (;;) {
    const path = segment.logPath;
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof FilesError) || error.kind !== 'not-found') throw error;
      await segment.renaming;
      if (segment.logPath === path) throw error;
    }
  }
}
