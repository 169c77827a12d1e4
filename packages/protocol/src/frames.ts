import { ApiKey } from './api-keys.ts';
import { RequestHeader, ResponseHeader } from './messages/headers.ts';
import type { AnyApi, Api } from './schema/api.ts';
import { ProtocolError } from './wire/protocol-error.ts';
import { Reader } from './wire/reader.ts';
import { pieceSizeBytes, type WirePiece } from './wire/splice.ts';
import { Writer } from './wire/writer.ts';

/** What stands in front of every request. */
export interface RequestHead {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** Version of the request header: 2 in flexible versions, 0 only for ControlledShutdown 0. */
export function requestHeaderVersion(api: AnyApi, version: number): 0 | 1 | 2 {
  if (version >= api.flexibleSince) return 2;
  return api.key === ApiKey.ControlledShutdown && version === 0 ? 0 : 1;
}

/** Version of the response header; ApiVersions never has tagged fields there, so that any client can read it. */
export function responseHeaderVersion(api: AnyApi, version: number): 0 | 1 {
  return version >= api.flexibleSince && api.key !== ApiKey.ApiVersions ? 1 : 0;
}

/** One writer for all frames: each is written in one go, and what it gave away it never touches again. */
const shared = new Writer(64 * 1024);
const FRAME_BYTES_MAX = 0x7fffffff;

/** A frame of what `write` writes, its int32 size in front. Nothing stays behind if `write` throws. */
function framed(write: (writer: Writer) => void): readonly WirePiece[] {
  try {
    shared.int32(0);
    write(shared);
    const sizeBytes = shared.sizeBytes - 4;
    if (sizeBytes > FRAME_BYTES_MAX) throw new ProtocolError(`a frame of ${sizeBytes} bytes`);
    const pieces = shared.finish();
    const [first] = pieces;
    if (first instanceof Uint8Array) Writer.patchInt32(first, sizeBytes);
    return pieces;
  } catch (error) {
    shared.reset();
    throw error;
  }
}

/** A whole request frame, its size in front. */
export function encodeRequest<In, Out, ResIn, ResOut>(
  api: Api<In, Out, ResIn, ResOut>,
  version: number,
  head: { readonly correlationId: number; readonly clientId: string | null },
  body: In,
): readonly WirePiece[] {
  const header = {
    requestApiKey: api.key,
    requestApiVersion: version,
    correlationId: head.correlationId,
    clientId: head.clientId,
  };
  return framed((writer) => {
    RequestHeader.codec(requestHeaderVersion(api, version)).encode(writer, header);
    api.request.codec(version).encode(writer, body);
  });
}

/** Reads a request's header; the reader then stands at the body. `apiOf` says which schema a key has. Throws `ProtocolError`. */
export function decodeRequestHeader(reader: Reader, apiOf: (apiKey: number) => AnyApi | undefined): RequestHead {
  const start = reader.position;
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const api = apiOf(apiKey);
  if (api === undefined) throw new ProtocolError(`unknown API key ${apiKey}`, start);
  reader.position = start;
  const header = RequestHeader.codec(requestHeaderVersion(api, apiVersion)).decode(reader);
  return { apiKey, apiVersion, correlationId: header.correlationId, clientId: header.clientId };
}

/** A whole response frame, its size in front. */
export function encodeResponse<ReqIn, ReqOut, In, Out>(
  api: Api<ReqIn, ReqOut, In, Out>,
  version: number,
  correlationId: number,
  body: In,
): readonly WirePiece[] {
  return framed((writer) => {
    ResponseHeader.codec(responseHeaderVersion(api, version)).encode(writer, { correlationId });
    api.response.codec(version).encode(writer, body);
  });
}

/** Reads a response frame without its size. */
export function decodeResponse<ReqIn, ReqOut, In, Out>(
  api: Api<ReqIn, ReqOut, In, Out>,
  version: number,
  bytes: Uint8Array,
): { readonly correlationId: number; readonly body: Out } {
  const reader = new Reader(bytes);
  const { correlationId } = ResponseHeader.codec(responseHeaderVersion(api, version)).decode(reader);
  return { correlationId, body: api.response.codec(version).decode(reader) };
}

/** Bytes of a frame's pieces together. */
export function frameSizeBytes(pieces: readonly WirePiece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceSizeBytes(piece), 0);
}

/** The pieces of a frame as one array of bytes; only for frames without splices. */
export function joinFrame(pieces: readonly WirePiece[]): Uint8Array {
  const joined = new Uint8Array(frameSizeBytes(pieces));
  let at = 0;
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) throw new ProtocolError('a splice has no bytes of its own');
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
