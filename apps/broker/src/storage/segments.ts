import type { Segment } from './segment.ts';

/** A log's segments by base offset, never none. The last one is active: appends go there. */
export class Segments {
  #list: Segment[];

  constructor(segments: readonly [Segment, ...Segment[]]) {
    this.#list = [...segments];
  }

  get all(): readonly Segment[] {
    return this.#list;
  }
  get first(): Segment {
    return this.#list[0] as Segment;
  }
  get active(): Segment {
    return this.#list[this.#list.length - 1] as Segment;
  }
  get sizeBytes(): number {
    return this.#list.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  get unwrittenBytes(): number {
    let bytes = 0;
    for (let index = this.#list.length - 1; index >= 0; index -= 1) {
      const segment = this.#list[index] as Segment;
      if (segment.isWritten) break;
      bytes += segment.sizeBytes - segment.writtenBytes;
    }
    return bytes;
  }

  /** The last segment that starts at or below `offset`, else the first. */
  floor(offset: number): Segment {
    return this.#list[this.#floorIndex(offset)] as Segment;
  }

  after(segment: Segment): Segment | undefined {
    return this.#list[this.#floorIndex(segment.baseOffset) + 1];
  }

  /** The first segment whose bytes are not all in its file. */
  firstUnwritten(): Segment | undefined {
    let index = this.#list.length;
    while (index > 0 && !(this.#list[index - 1] as Segment).isWritten) index -= 1;
    return this.#list[index];
  }

  add(segment: Segment): void {
    this.#list.push(segment);
  }

  /** Takes the oldest segments out; at least one must stay. */
  removeFirst(count: number): Segment[] {
    if (count >= this.#list.length) throw new RangeError('a log keeps at least one segment');
    return this.#list.splice(0, count);
  }

  /** Takes out all segments that start at or above `offset`, but never the first. */
  removeFrom(offset: number): Segment[] {
    const index = this.#list.findIndex((segment, at) => at > 0 && segment.baseOffset >= offset);
    return index < 0 ? [] : this.#list.splice(index);
  }

  /** Whether `group` is a run of neighbours in the list, the active one not among them. */
  has(group: readonly Segment[]): boolean {
    const at = this.#list.indexOf(group[0] as Segment);
    return (
      at >= 0 && at + group.length < this.#list.length && group.every((each, index) => this.#list[at + index] === each)
    );
  }

  /** Puts `segment` in the place of a run of neighbours that starts where it does. */
  replace(group: readonly Segment[], segment: Segment): void {
    if (!this.has(group)) throw new RangeError('only neighbours are replaced');
    this.#list.splice(this.#list.indexOf(group[0] as Segment), group.length, segment);
  }

  replaceAll(segment: Segment): Segment[] {
    const old = this.#list;
    this.#list = [segment];
    return old;
  }

  #floorIndex(offset: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] as Segment).baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
