/** A format that cannot be understood, or input that does not follow one. `position` counts characters from the start of the format. */
export class FormatError extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.name = 'FormatError';
    this.position = position;
  }
}
