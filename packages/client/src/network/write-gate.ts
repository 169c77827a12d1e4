/** Where writes wait, in order, while something holds them back. */
export class WriteGate {
  #waiting: (() => void)[] = [];
  #isHeld = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** From now on writes wait. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Writes now, or once the gate is released. */
  pass(write: () => void): void {
    if (this.#isHeld) this.#waiting.push(write);
    else write();
  }

  /** Lets everything through that waits. */
  release(): void {
    this.#isHeld = false;
    const writes = this.#waiting;
    this.#waiting = [];
    for (const write of writes) this.pass(write);
  }

  /** Forgets what waits. */
  drop(): void {
    this.#waiting = [];
  }
}
