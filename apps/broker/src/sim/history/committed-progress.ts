/** A look at a committed offset that is under way. */
export interface ProgressLook {
  readonly floor: number;
  readonly cutCount: number;
}

/**
 * The committed offsets of a group whose members commit only what they have, and go on where the last owner's commit ended: such an
 * offset never goes back, or somebody has committed who was out.
 */
export class CommittedProgress {
  readonly #violate: (what: string) => void;
  readonly #floors = new Map<string, number>();
  #cutCount = 0;

  constructor(violate: (what: string) => void) {
    this.#violate = violate;
  }

  /** Commits are not flushed: a power cut may take them back. */
  powerCut(): void {
    this.#cutCount += 1;
    this.#floors.clear();
  }

  /** A look, or a commit, begins. */
  begins(partition: string): ProgressLook {
    return { floor: this.#floors.get(partition) ?? -1, cutCount: this.#cutCount };
  }

  /** The committed offset was read; -1 for none. */
  read(partition: string, look: ProgressLook, offset: number): void {
    if (look.cutCount !== this.#cutCount) return;
    if (offset < look.floor) this.#violate(`${partition}: the commit went back from ${look.floor} to ${offset}`);
    this.#raise(partition, offset);
  }

  committed(partition: string, look: ProgressLook, offset: number): void {
    if (look.cutCount === this.#cutCount) this.#raise(partition, offset);
  }

  #raise(partition: string, offset: number): void {
    this.#floors.set(partition, Math.max(offset, this.#floors.get(partition) ?? -1));
  }
}
