/** A map that can be written. */
export interface WritableMap<Key, Value> extends Iterable<[Key, Value]> {
  readonly size: number;
  get(key: Key): Value | undefined;
  has(key: Key): boolean;
  set(key: Key, value: Value): unknown;
  delete(key: Key): boolean;
  keys(): IterableIterator<Key>;
  values(): IterableIterator<Value>;
}

const GONE = Symbol('gone');

/** Another map with changes on top: the map below stays as it is, and nothing of it is copied. */
export class OverlayMap<Key, Value> implements WritableMap<Key, Value> {
  readonly #below: WritableMap<Key, Value>;
  readonly #changes = new Map<Key, Value | typeof GONE>();
  #size: number;

  constructor(below: WritableMap<Key, Value>) {
    this.#below = below;
    this.#size = below.size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    const changed = this.#changes.get(key);
    if (changed === undefined) return this.#below.get(key);
    return changed === GONE ? undefined : changed;
  }

  has(key: Key): boolean {
    const changed = this.#changes.get(key);
    return changed === undefined ? this.#below.has(key) : changed !== GONE;
  }

  set(key: Key, value: Value): this {
    if (!this.has(key)) this.#size++;
    this.#changes.set(key, value);
    return this;
  }

  delete(key: Key): boolean {
    if (!this.has(key)) return false;
    this.#size--;
    this.#changes.set(key, GONE);
    return true;
  }

  *[Symbol.iterator](): IterableIterator<[Key, Value]> {
    for (const [key, value] of this.#below) if (!this.#changes.has(key)) yield [key, value];
    for (const [key, value] of this.#changes) if (value !== GONE) yield [key, value];
  }

  *keys(): IterableIterator<Key> {
    for (const [key] of this) yield key;
  }

  *values(): IterableIterator<Value> {
    for (const [, value] of this) yield value;
  }
}
