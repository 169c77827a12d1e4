import { type BatchRecord, type Codec, decodeControlRecord, ProtocolError, type RecordBatch } from '@ks/protocol';
import type { RecordPosition } from '../core/replicated-state.ts';
import type { Logger } from '../ports/logger.ts';
import type { CoordinatorLog } from './coordinator-log.ts';

/** What a replay reads and whom it tells. */
export interface Replayed<Rec> {
  readonly log: CoordinatorLog;
  readonly codec: Codec;
  /** Largest size of a batch's records once inflated. */
  readonly inflatedBytesMax: number;
  readonly logger: Logger;
  readonly decode: (key: Uint8Array, value: Uint8Array | null) => Rec | undefined;
  readonly apply: (record: Rec, at: RecordPosition) => void;
  readonly applyMarker: (producerId: number, producerEpoch: number, committed: boolean) => void;
}

/** Reads a coordinator's log from its start. A record that cannot be read is logged and passed over: the rest still counts. */
export async function replay<Rec>(of: Replayed<Rec>): Promise<void> {
  for await (const batch of of.log.replay()) {
    const plain = await batch.decompress(of.codec, of.inflatedBytesMax);
    for (const record of batch.records(plain)) {
      if (batch.isControl) replayMarker(of, batch, record);
      else replayRecord(of, batch, record);
    }
  }
}

function replayMarker<Rec>(of: Replayed<Rec>, batch: RecordBatch, record: BatchRecord): void {
  const { type } = decodeControlRecord(record.key, record.value);
  if (type === 'commit' || type === 'abort') of.applyMarker(batch.producerId, batch.producerEpoch, type === 'commit');
}

function replayRecord<Rec>(of: Replayed<Rec>, batch: RecordBatch, record: BatchRecord): void {
  const { key, value, offset, timestamp } = record;
  const decoded = key === null ? undefined : readable(of, key, value, offset);
  if (decoded === undefined) return;
  const { isTransactional: transactional, producerId, producerEpoch } = batch;
  of.apply(decoded, { offset, timestamp, transactional, producerId, producerEpoch });
}

function readable<Rec>(of: Replayed<Rec>, key: Uint8Array, value: Uint8Array | null, offset: number): Rec | undefined {
  try {
    return of.decode(key, value);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    of.logger.error({ offset, error }, 'a record of the coordinator cannot be read and is passed over');
    return undefined;
  }
}
