import { describe, expect, test } from 'vitest';
import {
  apiByKey,
  ApiVersions,
  apis,
  ControlledShutdown,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  Fetch,
  frameSizeBytes,
  joinFrame,
  Metadata,
  Produce,
  ProtocolError,
  Reader,
  requestHeaderVersion,
  responseHeaderVersion,
} from './index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const head = { correlationId: 7, clientId: 'me' };

describe('headers', () => {
  test('flexible versions have tagged fields in both headers', () => {
    expect([requestHeaderVersion(Produce, 8), responseHeaderVersion(Produce, 8)]).toEqual([1, 0]);
    expect([requestHeaderVersion(Produce, 9), responseHeaderVersion(Produce, 9)]).toEqual([2, 1]);
  });

  test('every response of ApiVersions has the header that any client can read', () => {
    for (let version = 0; version <= ApiVersions.versions.max; version++)
      expect(responseHeaderVersion(ApiVersions, version)).toBe(0);
    expect(requestHeaderVersion(ApiVersions, 3)).toBe(2);
  });

  test('ControlledShutdown 0 has no client id', () => {
    expect([0, 1, 3].map((version) => requestHeaderVersion(ControlledShutdown, version))).toEqual([0, 1, 2]);
    const frame = joinFrame(encodeRequest(ControlledShutdown, 0, head, { brokerId: 3 }));
    expect(hex(frame)).toBe('0000000c 0007 0000 00000007 00000003'.replaceAll(' ', ''));
    expect(decodeRequestHeader(new Reader(frame, 4), apiByKey).clientId).toBe('');
  });

  test('the client id keeps its old encoding in a flexible request', () => {
    const frame = joinFrame(
      encodeRequest(ApiVersions, 3, head, { clientSoftwareName: 'a', clientSoftwareVersion: 'b' }),
    );
    expect(hex(frame)).toBe('00000012 0012 0003 00000007 0002 6d65 00 0261 0262 00'.replaceAll(' ', ''));
  });

  test('an unknown version of a known API still shows its header', () => {
    const frame = Uint8Array.from(Buffer.from('0012 0063 00000009 ffff 00'.replaceAll(' ', ''), 'hex'));
    expect(decodeRequestHeader(new Reader(frame), apiByKey)).toEqual({
      apiKey: 18,
      apiVersion: 99,
      correlationId: 9,
      clientId: null,
    });
  });

  test('an unknown API is refused', () => {
    expect(() => decodeRequestHeader(new Reader(Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 1)), apiByKey)).toThrow(
      ProtocolError,
    );
  });
});

describe('frames', () => {
  test('the body follows the header, and the size counts both', () => {
    const body = { topics: [{ name: 'a' }], allowAutoTopicCreation: false };
    for (let version = 4; version <= Metadata.versions.max; version++) {
      const frame = joinFrame(encodeRequest(Metadata, version, head, body));
      const reader = new Reader(frame);
      expect(reader.int32()).toBe(frame.length - 4);
      expect(decodeRequestHeader(reader, apiByKey)).toEqual({ apiKey: 3, apiVersion: version, ...head });
      expect(Metadata.request.codec(version).decode(reader)).toMatchObject({ topics: [{ name: 'a' }] });
      expect(reader.remaining).toBe(0);
    }
  });

  test('records travel by reference and count in the size', () => {
    const records = { sizeBytes: 1_000_000 };
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 9, records };
    const pieces = encodeResponse(Fetch, 17, 5, { responses: [{ partitions: [partition] }] });
    expect(pieces.filter((piece) => piece === records)).toEqual([records]);
    const [first] = pieces;
    if (!(first instanceof Uint8Array)) throw new Error('a frame begins with bytes');
    expect(new Reader(first).int32()).toBe(frameSizeBytes(pieces) - 4);
  });

  test('a frame that failed leaves nothing in the next one', () => {
    const before = joinFrame(encodeResponse(ApiVersions, 0, 1, { errorCode: 35, apiKeys: [] }));
    expect(() =>
      encodeResponse(ApiVersions, 0, 1, { errorCode: 35, apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 70_000 }] }),
    ).toThrow('ApiVersionsResponse v0: 70000 is no int16');
    expect(joinFrame(encodeResponse(ApiVersions, 0, 1, { errorCode: 35, apiKeys: [] }))).toEqual(before);
  });

  test('a response comes back', () => {
    for (const version of [0, 3]) {
      const frame = joinFrame(encodeResponse(ApiVersions, version, 12, { errorCode: 0, apiKeys: [] }));
      expect(decodeResponse(ApiVersions, version, frame.subarray(4))).toMatchObject({
        correlationId: 12,
        body: { errorCode: 0, finalizedFeaturesEpoch: -1 },
      });
    }
  });

  test('an API is found by its key', () => {
    for (const api of apis) expect(apiByKey(api.key)).toBe(api);
    expect(apiByKey(-1)).toBe(undefined);
    expect(apiByKey(1000)).toBe(undefined);
  });
});
