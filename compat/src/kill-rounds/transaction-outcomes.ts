import { checkPartition } from './worker.ts';

/** How transactions over two partitions ended, as their producer was told: each wrote its name into both. */
export class TransactionOutcomes {
  readonly #topic: string;
  readonly committed: string[] = [];
  readonly #aborted: string[] = [];
  readonly #unknown: string[] = [];

  constructor(topic: string) {
    this.#topic = topic;
  }

  tell(name: string, outcome: 'committed' | 'aborted' | 'unknown'): void {
    if (outcome === 'committed') this.committed.push(name);
    else if (outcome === 'aborted') this.#aborted.push(name);
    else this.#unknown.push(name);
  }

  /** Promises that readers of committed records found broken. */
  check(found: ReadonlyMap<number, readonly string[]>): readonly string[] {
    const [first = [], second = []] = [found.get(0), found.get(1)];
    const [inFirst, inSecond] = [new Set(first), new Set(second)];
    return [
      ...checkPartition(`${this.#topic}-0`, this.committed, first, true),
      ...checkPartition(`${this.#topic}-1`, this.committed, second, true),
      ...this.#aborted
        .filter((one) => inFirst.has(one) || inSecond.has(one))
        .map((one) => `${this.#topic}: ${one} was aborted and is read`),
      ...this.#unknown
        .filter((one) => inFirst.has(one) !== inSecond.has(one))
        .map((one) => `${this.#topic}: ${one} is there by half`),
    ];
  }
}
