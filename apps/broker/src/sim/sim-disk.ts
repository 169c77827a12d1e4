import { ByteStore } from '../adapters/memory-files.ts';
import type { SeededRandom } from './prng.ts';

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;

/** A change of a file's contents that no sync has covered yet. */
type ContentChange =
  | { readonly type: 'write'; readonly bytes: Uint8Array; readonly position: number }
  | { readonly type: 'truncate'; readonly sizeBytes: number };

/** A change of a directory's names that no sync has covered yet. `removed` and `added` happen together. */
interface NameChange {
  readonly removed: string | undefined;
  readonly added: readonly [string, SimNode] | undefined;
}

export type SimNode = SimContents | SimFolder;

/** A file as the system sees it (`current`) and as the platter has it, with what lies between. */
export class SimContents {
  readonly current: ByteStore;
  readonly #durable: ByteStore;
  #pending: ContentChange[] = [];
  #settledCount = 0;

  constructor(durable = new ByteStore()) {
    this.#durable = durable;
    this.current = durable.copy();
  }

  /** How many changes there have been: what a sync that starts now will cover. */
  get changeCount(): number {
    return this.#settledCount + this.#pending.length;
  }

  /** `bytes` are taken over. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    this.current.write(bytes, position);
    this.#pending.push({ type: 'write', bytes, position });
  }

  truncate(sizeBytes: number): void {
    this.current.truncate(sizeBytes);
    this.#pending.push({ type: 'truncate', sizeBytes });
  }

  /** The first `count` changes of all are on the platter now. */
  settle(count: number): void {
    const changes = this.#pending.splice(0, Math.max(0, count - this.#settledCount));
    for (const change of changes) apply(this.#durable, change);
    this.#settledCount += changes.length;
  }

  /** What a power cut leaves: a prefix of the unsynced changes, the last of them torn; or, now and then, any of them in any mix. */
  afterCrash(random: SeededRandom): SimContents {
    const contents = this.#durable.copy();
    if (random.chance(0.25)) {
      for (const change of this.#pending) if (random.chance(0.5)) apply(contents, change);
      return new SimContents(contents);
    }
    const count = random.int(this.#pending.length + 1);
    for (const change of this.#pending.slice(0, count)) apply(contents, change);
    const torn = this.#pending[count];
    if (torn?.type === 'write') tear(contents, torn.bytes, torn.position, random);
    return new SimContents(contents);
  }
}

/** A directory, likewise. */
export class SimFolder {
  readonly current: Map<string, SimNode>;
  readonly #durable: Map<string, SimNode>;
  #pending: NameChange[] = [];
  #settledCount = 0;

  constructor(durable: ReadonlyMap<string, SimNode> = new Map()) {
    this.#durable = new Map(durable);
    this.current = new Map(durable);
  }

  change(removed: string | undefined, added: readonly [string, SimNode] | undefined): void {
    const change = { removed, added };
    applyNames(this.current, change);
    this.#pending.push(change);
  }

  get changeCount(): number {
    return this.#settledCount + this.#pending.length;
  }

  settle(count: number): void {
    const changes = this.#pending.splice(0, Math.max(0, count - this.#settledCount));
    for (const change of changes) applyNames(this.#durable, change);
    this.#settledCount += changes.length;
  }

  /** What a power cut leaves: a prefix of the unsynced changes, and in it what became of each file and folder. */
  afterCrash(random: SeededRandom): SimFolder {
    const names = new Map(this.#durable);
    for (const change of this.#pending.slice(0, random.int(this.#pending.length + 1))) applyNames(names, change);
    return new SimFolder(new Map([...names].map(([name, node]) => [name, node.afterCrash(random)])));
  }
}

/** Carries out a part of a write: its beginning, or any of its sectors in the file's whole new length. */
function tear(contents: ByteStore, bytes: Uint8Array, position: number, random: SeededRandom): void {
  if (bytes.length === 0) return;
  if (random.chance(0.5)) {
    const some = bytes.subarray(0, random.int(bytes.length + 1));
    apply(contents, { type: 'write', bytes: some, position });
    return;
  }
  contents.truncate(Math.max(contents.size, position + bytes.length));
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES));
    if (random.chance(0.5)) contents.write(bytes.subarray(at, end), position + at);
    at = end;
  }
}

function apply(contents: ByteStore, change: ContentChange): void {
  if (change.type === 'write') {
    if (change.bytes.length > 0) contents.write(change.bytes, change.position);
  } else contents.truncate(change.sizeBytes);
}

function applyNames(names: Map<string, SimNode>, change: NameChange): void {
  if (change.removed !== undefined) names.delete(change.removed);
  if (change.added !== undefined) names.set(change.added[0], change.added[1]);
}
