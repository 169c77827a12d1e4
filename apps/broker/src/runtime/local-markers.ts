import { encodeEndTransactionMarker, ErrorCode, Produce, ZERO_UUID } from '@ks/protocol';
import type { TopicPartitionList } from '../core/transaction/topic-partitions.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { MarkedPartitions, TransactionMarker } from './transaction-markers.ts';

export interface LocalMarkersOptions {
  readonly replicas: Pick<ReplicaManager, 'append'>;
  /** Writes a marker into a partition of `__consumer_offsets` and gives the error code: its offsets count from then on, or never. */
  readonly markOffsets: (partitionIndex: number, marker: TransactionMarker) => Promise<number>;
  readonly checksum: { crc32c(bytes: Uint8Array, seed?: number): number };
  readonly clock: Clock;
  /** How long a marker may take to be committed; then it is written again. */
  readonly timeoutMs: number;
}

const OFFSETS_TOPIC = '__consumer_offsets';

/** Writes transaction markers into the partitions that this broker leads, as WriteTxnMarkers asks for. */
export class LocalMarkers {
  readonly #options: LocalMarkersOptions;

  constructor(options: LocalMarkersOptions) {
    this.#options = options;
  }

  /** One result per marker, when all are committed, refused or out of time. Never rejects. */
  write(markers: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]> {
    return Promise.all(markers.map((marker) => this.#writeOne(marker)));
  }

  async #writeOne(marker: TransactionMarker): Promise<MarkedPartitions> {
    // No batch can say so.
    if (marker.producerId < 0 || marker.producerEpoch < 0) return refused(marker);
    const offsets = marker.partitions.filter(({ topic }) => topic === OFFSETS_TOPIC);
    const others = marker.partitions.filter(({ topic }) => topic !== OFFSETS_TOPIC);
    const written = await Promise.all([this.#markRecords(marker, others), this.#markOffsets(marker, offsets)]);
    return written.flat();
  }

  async #markRecords(marker: TransactionMarker, partitions: TopicPartitionList): Promise<MarkedPartitions> {
    if (partitions.length === 0) return [];
    const { replicas, checksum, clock, timeoutMs } = this.#options;
    const records = encodeEndTransactionMarker({ ...marker, timestampMs: clock.wallMs() }, checksum);
    const append = replicas.append({
      acks: -1,
      timeoutMs,
      origin: 'coordinator',
      transactionVersion: marker.transactionVersion,
      apiVersion: Produce.versions.max,
      partitions: partitions.flatMap(({ topic, partitionIndexes }) =>
        partitionIndexes.map((partitionIndex) => ({ topic, topicId: ZERO_UUID, partitionIndex, records })),
      ),
    });
    const results = (await append.completion).values();
    return partitions.map(({ topic, partitionIndexes }) => ({
      topic,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode: results.next().value?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR,
      })),
    }));
  }

  async #markOffsets(marker: TransactionMarker, partitions: TopicPartitionList): Promise<MarkedPartitions> {
    const marked = partitions.map(async ({ topic, partitionIndexes }) => ({
      topic,
      partitions: await Promise.all(
        partitionIndexes.map(async (partitionIndex) => ({
          partitionIndex,
          errorCode: await this.#options.markOffsets(partitionIndex, marker),
        })),
      ),
    }));
    return Promise.all(marked);
  }
}

function refused({ partitions }: TransactionMarker): MarkedPartitions {
  return partitions.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
    })),
  }));
}
