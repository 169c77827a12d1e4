import type { Clock, Timer } from '../ports/clock.ts';
import type { PartitionState } from './partition-state.ts';

/** Knows which partitions' records are in the reader's hands, and waits until they are back. */
export class InHand {
  readonly #clock: Clock;
  readonly #counts = new Map<PartitionState, number>();
  readonly #waiting = new Set<() => void>();
  /** Raised whenever something leaves or comes back. */
  #moves = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  get moves(): number {
    return this.#moves;
  }

  leave(state: PartitionState): void {
    this.#moves += 1;
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
  }

  back(state: PartitionState): void {
    this.#moves += 1;
    const count = (this.#counts.get(state) ?? 0) - 1;
    if (count > 0) this.#counts.set(state, count);
    else this.#counts.delete(state);
    for (const look of this.#waiting) look();
  }

  /** Nobody waits for the reader any more. */
  release(): void {
    this.#counts.clear();
    for (const look of this.#waiting) look();
  }

  /** Settles when nothing of these partitions is in hand, or `patienceMs` are over. */
  async returned(states: readonly PartitionState[], patienceMs: number): Promise<void> {
    const isBack = (): boolean => states.every((state) => !this.#counts.has(state));
    if (isBack()) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isBack()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      timer = this.#clock.setTimer(patienceMs, () => {
        this.#waiting.delete(look);
        resolve();
      });
    });
    timer?.cancel();
  }
}
