/** What the members of one group were told, and what must therefore hold, whichever protocol they speak. */
export class GroupLedger {
  readonly #group: string;
  readonly #broken: string[] = [];
  /** Values that any member got. */
  readonly #got = new Set<string>();
  /** The greatest offset whose commit was acknowledged, by partition. */
  readonly #committed = new Map<number, number>();
  /** The greatest offset that anybody tried to commit. */
  readonly #tried = new Map<number, number>();
  /** By member and partition: where its reading has to go on; `from` where it may begin anywhere from there on. */
  readonly #next = new Map<string, { readonly offset: number; readonly isExact: boolean }>();
  #commitCount = 0;

  constructor(group: string) {
    this.#group = group;
  }

  /** A member was given a partition: it begins at what is committed, no matter by whom. */
  assigned(member: string, partition: number): void {
    this.#next.set(`${member} ${partition}`, { offset: this.#committed.get(partition) ?? 0, isExact: false });
  }

  /** A member got a record. */
  got(member: string, partition: number, offset: number, value: string): void {
    const key = `${member} ${partition}`;
    const next = this.#next.get(key);
    if (next === undefined) this.#breaks(`${member} got ${partition}@${offset}, which it was not given`);
    else if (next.isExact && offset !== next.offset)
      this.#breaks(`${member} got ${partition}@${offset} after ${next.offset - 1}`);
    else if (offset < next.offset)
      this.#breaks(`${member} began with ${partition}@${offset}, though ${next.offset} was committed`);
    this.#next.set(key, { offset: offset + 1, isExact: true });
    this.#got.add(value);
  }

  tries(partition: number, offset: number): void {
    this.#tried.set(partition, Math.max(this.#tried.get(partition) ?? 0, offset));
  }

  /** A commit was acknowledged. */
  committed(partition: number, offset: number): void {
    this.#commitCount += 1;
    this.#committed.set(partition, Math.max(this.#committed.get(partition) ?? 0, offset));
  }

  /** Acknowledged commits. */
  get commitCount(): number {
    return this.#commitCount;
  }

  has(value: string): boolean {
    return this.#got.has(value);
  }

  /** Broken promises; `found` is what the broker says is committed when all is over. */
  check(found: ReadonlyMap<number, number>, sent: Iterable<string>): readonly string[] {
    const broken = [...this.#broken];
    for (const [partition, offset] of this.#committed) {
      const there = found.get(partition) ?? -1;
      const tried = this.#tried.get(partition) ?? 0;
      if (there < offset || there > tried)
        broken.push(`${this.#group}-${partition}: ${offset} was committed, ${there} is there, ${tried} was tried`);
    }
    for (const value of sent) if (!this.#got.has(value)) broken.push(`${this.#group}: nobody got ${value}`);
    return broken;
  }

  #breaks(what: string): void {
    this.#broken.push(`${this.#group}: ${what}`);
  }
}
