import { createCore } from '@ks/core-wasm';
import {
  batchHeader,
  type CompressionType,
  compressionIdOf,
  createCodec,
  ErrorCode,
  encodePlainRecordBatch,
  sealBatch,
} from '@ks/protocol';

const core = createCore();
const codec = createCodec(core);
const now = 1_700_000_000_000;

const good = (): Uint8Array =>
  encodePlainRecordBatch(
    ['a', 'b', 'c'].map((text) => ({ timestamp: now, value: Buffer.from(text) })),
    { checksum: core },
  );

/** A good batch with something changed; sealed again, so that only the lie is wrong. */
function lie(change: (view: DataView, bytes: Uint8Array) => void, sealed = true): Uint8Array {
  const bytes = good();
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes);
  if (sealed) sealBatch(bytes, 0, core);
  return bytes;
}

/** What no honest producer sends, and the error that Kafka gives. */
export const badRecords: readonly (readonly [what: string, records: Uint8Array, errorCodes: readonly number[]])[] = [
  ['a wrong checksum', lie((view) => view.setUint32(17, view.getUint32(17) ^ 1), false), [ErrorCode.CORRUPT_MESSAGE]],
  [
    'a flipped bit of a value',
    lie((view) => view.setUint8(view.byteLength - 2, view.getUint8(view.byteLength - 2) ^ 4), false),
    [ErrorCode.CORRUPT_MESSAGE],
  ],
  [
    'a count of 2^31 - 1',
    lie((view) => view.setInt32(57, 0x7fffffff)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE],
  ],
  [
    'a count that is too small',
    lie((view) => view.setInt32(57, 2)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE],
  ],
  ['a negative count', lie((view) => view.setInt32(57, -1)), [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]],
  ['no records at all', lie((view) => view.setInt32(57, 0)), [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]],
  [
    'a last offset delta that does not fit',
    lie((view) => view.setInt32(23, 7)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE],
  ],
  [
    'a record that claims 2^31 bytes',
    lie((_, bytes) => bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f], batchHeader.BATCH_HEADER_BYTES)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE],
  ],
  [
    'a batch length beyond the request',
    lie((view) => view.setInt32(8, 100_000), false),
    [ErrorCode.CORRUPT_MESSAGE, ErrorCode.INVALID_RECORD],
  ],
  [
    'a batch length of nothing',
    lie((view) => view.setInt32(8, 0), false),
    [ErrorCode.CORRUPT_MESSAGE, ErrorCode.INVALID_RECORD],
  ],
  [
    'a codec that does not exist',
    lie((view) => view.setInt16(21, 7)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE],
  ],
  ['a control batch', lie((view) => view.setInt16(21, 0x20)), [ErrorCode.INVALID_RECORD]],
  [
    'a magic of 1',
    lie((view) => view.setInt8(16, 1)),
    [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE, ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT],
  ],
  ['a magic of 9', lie((view) => view.setInt8(16, 9)), [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]],
  ['two batches', Buffer.concat([good(), good()]), [ErrorCode.INVALID_RECORD]],
  [
    'noise',
    Uint8Array.from({ length: 300 }, (_, at) => (at * 167 + 13) % 256),
    [ErrorCode.CORRUPT_MESSAGE, ErrorCode.INVALID_RECORD],
  ],
  ['nothing', new Uint8Array(), [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]],
];

/** A sound batch that is small on the wire and `plainBytes` when inflated. */
export async function bomb(compression: CompressionType, plainBytes: number): Promise<Uint8Array> {
  const plain = encodePlainRecordBatch([{ timestamp: now, value: new Uint8Array(plainBytes) }], { checksum: core });
  const header = plain.slice(0, batchHeader.BATCH_HEADER_BYTES);
  const payload = await codec.compress(compression, plain.subarray(batchHeader.BATCH_HEADER_BYTES));
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setInt16(21, compressionIdOf(compression));
  sealBatch(bytes, 0, core);
  return bytes;
}
