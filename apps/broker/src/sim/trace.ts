/** Lines kept for a report. */
const KEPT_LINES = 400;

/** What happened, as a hash of everything and the last lines of it. */
export class Trace {
  readonly #print: ((line: string) => void) | undefined;
  readonly #lines: string[] = [];
  #hash = 0x811c9dc5;

  /** @param print called with every line */
  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  /** Equal for equal histories. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
  get lines(): readonly string[] {
    return this.#lines;
  }

  note(atMs: number, what: string): void {
    const line = `${atMs.toFixed(3)} ${what}`;
    for (let index = 0; index < line.length; index++) this.mix(line.charCodeAt(index));
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines.splice(0, KEPT_LINES);
    this.#print?.(line);
  }

  /** Takes a number into the hash. */
  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
  }
}
