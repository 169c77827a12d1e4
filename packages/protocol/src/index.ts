export { type CodecOptions, createCodec } from './adapters/zlib-codec.ts';
export { ApiKey } from './api-keys.ts';
export { advertisedVersions, brokerRelease, brokerVersions, type VersionRange } from './broker-versions.ts';
export * from './compression/index.ts';
export { ErrorCode, errorByCode, type KafkaErrorCode } from './errors.ts';
export {
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  frameSizeBytes,
  joinFrame,
  type RequestHead,
  requestHeaderVersion,
  responseHeaderVersion,
} from './frames.ts';
export * from './messages/headers.ts';
export * from './messages/index.ts';
export * from './messages/records/index.ts';
export * from './records/index.ts';
export type { AnyApi, Api, Listener, RequestInput, RequestOf, ResponseInput, ResponseOf } from './schema/api.ts';
export { codecOf, type Message, type MessageCodec } from './schema/message.ts';
export { ProtocolError } from './wire/protocol-error.ts';
export { Reader } from './wire/reader.ts';
export { isBytes, pieceSizeBytes, type Splice, type WirePiece } from './wire/splice.ts';
export { isUuid, uuidFromBytes, uuidToBytes, ZERO_UUID } from './wire/uuid.ts';
export { Writer } from './wire/writer.ts';
