/** Remembers what was loaded, the latest used up to a number of them. Who asks for what is being loaded shares it; failures are not kept. */
export class SharedCache<K, V> {
  readonly #max: number;
  readonly #settled = new Map<K, V>();
  readonly #loading = new Map<K, Promise<V>>();
  #newest: K | undefined;

  constructor(max: number) {
    this.#max = Math.max(1, max);
  }

  get size(): number {
    return this.#settled.size;
  }

  /** What is known already. */
  peek(key: K): V | undefined {
    const found = this.#settled.get(key);
    if (found === undefined || key === this.#newest) return found;
    this.#settled.delete(key);
    this.#keep(key, found);
    return found;
  }

  /** At once where it is known. */
  get(key: K, load: () => Promise<V>): V | Promise<V> {
    const found = this.peek(key);
    if (found !== undefined) return found;
    const before = this.#loading.get(key);
    if (before !== undefined) return before;
    const loading = this.#load(key, load);
    this.#loading.set(key, loading);
    return loading;
  }

  /** Keeps what was learnt otherwise. */
  set(key: K, value: V): void {
    this.#settled.delete(key);
    this.#keep(key, value);
  }

  delete(key: K): void {
    this.#settled.delete(key);
  }

  clear(): void {
    this.#settled.clear();
    this.#newest = undefined;
  }

  async #load(key: K, load: () => Promise<V>): Promise<V> {
    try {
      const value = await load();
      this.set(key, value);
      return value;
    } finally {
      this.#loading.delete(key);
    }
  }

  #keep(key: K, value: V): void {
    this.#settled.set(key, value);
    this.#newest = key;
    if (this.#settled.size <= this.#max) return;
    for (const oldest of this.#settled.keys()) {
      this.#settled.delete(oldest);
      return;
    }
  }
}
