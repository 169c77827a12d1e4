/** Bytes that break the protocol, or a value that a version cannot carry. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Byte position from the start of what was read, -1 where a value was being written. */
  readonly position: number;
  /** Kafka's name of the message, such as `ProduceRequest`; set once it is known. */
  readonly messageName: string | undefined;
  /** Version of the message. */
  readonly version: number | undefined;

  constructor(what: string, position = -1, messageName?: string, version?: number) {
    const where = messageName === undefined ? '' : `${messageName} v${version}: `;
    super(`${where}${what}${position < 0 ? '' : ` at byte ${position}`}`);
    this.what = what;
    this.position = position;
    this.messageName = messageName;
    this.version = version;
  }

  readonly what: string;

  /** The same error, naming the message that was being read or written. */
  within(messageName: string, version: number): ProtocolError {
    return this.messageName === undefined ? new ProtocolError(this.what, this.position, messageName, version) : this;
  }
}
