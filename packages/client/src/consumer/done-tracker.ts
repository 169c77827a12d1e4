/**
 * What is done of a partition whose records are worked on side by side: everything before the first that is not. Offsets begin in
 * ascending order and end in any.
 */
export class DoneTracker {
  /** In the order in which they began, the first of them perhaps ended. */
  readonly #begun: number[] = [];
  readonly #ended = new Set<number>();
  /** How many of `#begun` at its start are ended and forgotten. */
  #head = 0;

  begin(offset: number): void {
    this.#begun.push(offset);
  }

  end(offset: number): void {
    this.#ended.add(offset);
    for (let first = this.#begun[this.#head]; first !== undefined; first = this.#begun[this.#head]) {
      if (!this.#ended.delete(first)) break;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#begun.length) {
      this.#begun.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** How many have begun and not ended, those that wait behind one of them included. */
  get uncommitted(): number {
    return this.#begun.length - this.#head;
  }

  /** The first offset that is not done; `next`, the offset of what has not begun yet, where everything else is. */
  firstUndone(next: number): number {
    return this.#begun[this.#head] ?? next;
  }
}
