/** Which side of which topic data belongs to. */
export interface CodecContext {
  readonly topic: string;
  readonly side: 'key' | 'value';
}

/** How a key or a value becomes bytes. Both directions may throw; the client says where it happened. */
export interface DataCodec<T> {
  readonly name: string;
  /**
   * Whether either direction may give a promise, as a codec does that has to ask a schema registry first. Records behind one that waits
   * wait too, so that they keep their order. Default false: a promise is refused.
   */
  readonly isAsync?: boolean | undefined;
  encode(data: T, context: CodecContext): Uint8Array | Promise<Uint8Array>;
  decode(bytes: Uint8Array, context: CodecContext): T | Promise<T>;
}

/** A codec that never waits, and is the same for every topic. */
export interface PlainCodec<T> extends DataCodec<T> {
  readonly isAsync?: false | undefined;
  encode(data: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const stringCodec: PlainCodec<string> = {
  name: 'string',
  encode(data) {
    if (typeof data !== 'string') throw new TypeError(`the string codec cannot write ${typeof data}`);
    return encoder.encode(data);
  },
  decode: (bytes) => decoder.decode(bytes),
};

const jsonCodec: PlainCodec<unknown> = {
  name: 'json',
  encode(data) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError(`the json codec cannot write ${typeof data}`);
    return encoder.encode(text);
  },
  decode: (bytes) => JSON.parse(decoder.decode(bytes)),
};

const bytesCodec: PlainCodec<Uint8Array> = {
  name: 'bytes',
  encode(data) {
    if (!(data instanceof Uint8Array)) throw new TypeError(`the bytes codec cannot write ${typeof data}`);
    return data;
  },
  decode: (bytes) => bytes,
};

/** The codecs that come with the client. */
export const codecs = { string: stringCodec, json: jsonCodec, bytes: bytesCodec } as const;
