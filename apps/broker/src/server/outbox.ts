import { isBytes } from '@ks/protocol';
import type { Connection } from '../ports/network.ts';
import type { FilePart, MemoryPart } from '../ports/wire-part.ts';
import type { HeldMemory } from './request-memory.ts';
import { releaseSendables, type Sendable } from './response-parts.ts';
import { SMALL_STEP_BYTES, STEP_BYTES, type StepMemory } from './step-memory.ts';

/** Views up to this size are copied together: a place in the system's list costs more. */
const COPIED_BYTES = 2048;

/** What is to be done when a write's bytes have left, or never will. */
type Release = () => void;

export interface OutboxOptions {
  readonly connection: Pick<Connection, 'write'>;
  readonly memory: StepMemory;
  /** Bytes were taken by the socket. */
  readonly progressed: () => void;
  /** A part of the log can no longer be read: the response cannot be finished. */
  readonly failed: (error: unknown) => void;
}

/**
 * Sends the responses of one connection in order: bytes and memory parts by views, file parts in steps as the socket drains.
 * Every part is released exactly once, sent or not.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #queue: Sendable[] = [];
  /** How far the first of the queue is sent. */
  #at = 0;
  #views: Uint8Array[] = [];
  #viewBytes = 0;
  #releases: Release[] = [];
  #pendingBytes = 0;
  /** The socket is full: `drained` will tell. */
  #isWaiting = false;
  /** A part of a file is being read; it is not in the queue meanwhile. */
  #isReading = false;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Bytes given to `push` that the socket has not taken yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Takes over a response; `pump` sends it. */
  push(sendables: readonly Sendable[]): void {
    if (this.#isClosed) {
      releaseSendables(sendables);
      return;
    }
    for (const each of sendables) {
      this.#queue.push(each);
      this.#pendingBytes += isBytes(each) ? each.length : each.sizeBytes;
    }
  }

  /** Sends as much as the socket takes; to be called again when it has drained. */
  pump(): void {
    while (!this.#isWaiting && !this.#isReading && !this.#isClosed) {
      const next = this.#queue[0];
      // One write is a step, so that a reader's progress shows.
      if (next === undefined || this.#viewBytes >= this.#options.memory.stepBytes) {
        if (this.#viewBytes === 0) return;
        this.#write();
      } else if (isBytes(next)) this.#addBytes(next);
      else if (next.kind === 'memory') this.#addMemory(next);
      else this.#readFile(next);
    }
  }

  /** The socket has room again: `pump` will send more. */
  drained(): void {
    this.#isWaiting = false;
  }

  /** The connection is gone: gives everything back. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    releaseSendables(this.#queue);
    for (const release of this.#releases) release();
    this.#queue = [];
    this.#releases = [];
    this.#views = [];
  }

  #addBytes(bytes: Uint8Array): void {
    const end = Math.min(bytes.length, this.#at + STEP_BYTES - this.#viewBytes);
    this.#addView(bytes.subarray(this.#at, end));
    if (end < bytes.length) this.#at = end;
    else this.#shift();
  }

  #addMemory(part: MemoryPart): void {
    let skip = this.#at;
    for (const view of part.views) {
      const from = Math.min(skip, view.length);
      skip -= from;
      const count = Math.min(view.length - from, STEP_BYTES - this.#viewBytes);
      if (count === 0) continue;
      this.#addView(view.subarray(from, from + count));
      this.#at += count;
    }
    if (this.#at < part.sizeBytes) return;
    this.#releases.push(() => part.release());
    this.#shift();
  }

  #readFile(part: FilePart): void {
    const { memory } = this.#options;
    const room = Math.max(SMALL_STEP_BYTES, memory.stepBytes - this.#viewBytes);
    const count = Math.min(part.sizeBytes - this.#at, room);
    const buffer = memory.reserve(count);
    if (part.readNow?.(buffer.bytes, this.#at)) {
      this.#queue.shift();
      this.#addRead(part, buffer, count);
      return;
    }
    this.#isReading = true;
    // Until the read settles the part is held here alone: `close` must not release it under the read.
    this.#queue.shift();
    part.read(buffer.bytes, this.#at).then(
      () => this.#fileRead(part, buffer, count),
      (error: unknown) => {
        buffer.release();
        part.release();
        if (!this.#isClosed) this.#options.failed(error);
      },
    );
  }

  #fileRead(part: FilePart, buffer: HeldMemory, count: number): void {
    if (this.#isClosed) {
      buffer.release();
      part.release();
      return;
    }
    this.#isReading = false;
    this.#addRead(part, buffer, count);
    this.pump();
  }

  /** A step of the part, which is not in the queue meanwhile. */
  #addRead(part: FilePart, buffer: HeldMemory, count: number): void {
    this.#at += count;
    this.#addView(buffer.bytes);
    this.#releases.push(() => buffer.release());
    if (this.#at < part.sizeBytes) this.#queue.unshift(part);
    else {
      this.#at = 0;
      this.#releases.push(() => part.release());
    }
  }

  #addView(view: Uint8Array): void {
    if (view.length === 0) return;
    this.#views.push(view);
    this.#viewBytes += view.length;
  }

  #shift(): void {
    this.#queue.shift();
    this.#at = 0;
  }

  #write(): void {
    const bytes = this.#viewBytes;
    const releases = this.#releases;
    const views = joinSmall(this.#views);
    this.#views = [];
    this.#viewBytes = 0;
    this.#releases = [];
    const sent = (error?: Error): void => {
      for (const release of releases) release();
      this.#pendingBytes -= bytes;
      if (error === undefined) this.#options.progressed();
    };
    if (!this.#options.connection.write(views, sent)) this.#isWaiting = true;
  }
}

/** The views with runs of small ones copied together. */
function joinSmall(views: readonly Uint8Array[]): readonly Uint8Array[] {
  if (views.length === 1) return views;
  const joined: Uint8Array[] = [];
  for (let at = 0; at < views.length; ) {
    let end = at;
    let bytes = 0;
    for (let view = views[end]; view !== undefined && view.length <= COPIED_BYTES; view = views[++end]) {
      bytes += view.length;
    }
    const run = views.slice(at, end);
    const [first] = run;
    if (run.length > 1) joined.push(concat(run, bytes));
    else joined.push(first ?? (views[end++] as Uint8Array));
    at = end;
  }
  return joined;
}

function concat(views: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const view of views) {
    bytes.set(view, at);
    at += view.length;
  }
  return bytes;
}
