/** A changed copy of a map in the making: nothing is copied before the first change. */
export class MapDraft<K, V> {
  readonly #base: ReadonlyMap<K, V>;
  #copy: Map<K, V> | undefined;

  constructor(base: ReadonlyMap<K, V>) {
    this.#base = base;
  }

  get(key: K): V | undefined {
    return (this.#copy ?? this.#base).get(key);
  }

  set(key: K, value: V): void {
    this.#copy ??= new Map(this.#base);
    this.#copy.set(key, value);
  }

  delete(key: K): void {
    if (!(this.#copy ?? this.#base).has(key)) return;
    this.#copy ??= new Map(this.#base);
    this.#copy.delete(key);
  }

  /** Sets the key, or removes it where the value is undefined. */
  put(key: K, value: V | undefined): void {
    if (value === undefined) this.delete(key);
    else this.set(key, value);
  }

  /** The base itself where nothing changed. The draft must not be changed after it. */
  result(): ReadonlyMap<K, V> {
    return this.#copy ?? this.#base;
  }
}
