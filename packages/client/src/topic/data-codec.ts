/** How a key or a value becomes bytes. Both directions may throw; the client says where it happened. */
export interface DataCodec<T> {
  readonly name: string;
  encode(data: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const stringCodec: DataCodec<string> = {
  name: 'string',
  encode(data) {
    if (typeof data !== 'string') throw new TypeError(`the string codec cannot write ${typeof data}`);
    return encoder.encode(data);
  },
  decode: (bytes) => decoder.decode(bytes),
};

const jsonCodec: DataCodec<unknown> = {
  name: 'json',
  encode(data) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError(`the json codec cannot write ${typeof data}`);
    return encoder.encode(text);
  },
  decode: (bytes) => JSON.parse(decoder.decode(bytes)),
};

const bytesCodec: DataCodec<Uint8Array> = {
  name: 'bytes',
  encode(data) {
    if (!(data instanceof Uint8Array)) throw new TypeError(`the bytes codec cannot write ${typeof data}`);
    return data;
  },
  decode: (bytes) => bytes,
};

/** The codecs that come with the client. */
export const codecs = { string: stringCodec, json: jsonCodec, bytes: bytesCodec } as const;
