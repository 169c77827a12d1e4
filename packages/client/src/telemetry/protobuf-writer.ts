const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/** Writes the few kinds of Protobuf fields that metrics are made of. */
export class ProtobufWriter {
  readonly #bytes: number[] = [];
  readonly #scratch = new DataView(new ArrayBuffer(8));

  /** What was written. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** A whole number that is not negative. */
  uint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, FIXED64);
    this.#scratch.setBigInt64(0, value, true);
    this.#eight();
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#scratch.setFloat64(0, value, true);
    this.#eight();
  }

  text(field: number, value: string): void {
    this.#delimited(field, Buffer.from(value));
  }

  /** A message within this one. */
  message(field: number, write: (writer: ProtobufWriter) => void): void {
    const writer = new ProtobufWriter();
    write(writer);
    this.#delimited(field, writer.#bytes);
  }

  #delimited(field: number, bytes: Iterable<number> & { readonly length: number }): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  #eight(): void {
    for (let at = 0; at < 8; at += 1) this.#bytes.push(this.#scratch.getUint8(at));
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes.push((rest % 0x80) | 0x80);
    this.#bytes.push(rest);
  }
}
