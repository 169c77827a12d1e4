import { ErrorCode, WriteTxnMarkers } from '@ks/protocol';
import type { Logger } from '../ports/logger.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import type { MarkedPartitions, TransactionMarker } from './transaction-markers.ts';

/** Longer than the leader of a partition lets a marker take: its own answer is to be heard. */
const TIMEOUT_MS = 10_000;

export interface RemoteMarkersOptions {
  readonly channels: BrokerChannels;
  readonly logger: Logger;
}

/** Has other brokers write transaction markers into the partitions that they lead. */
export class RemoteMarkers {
  readonly #options: RemoteMarkersOptions;

  constructor(options: RemoteMarkersOptions) {
    this.#options = options;
  }

  /** One result per marker. Never rejects: what did not get there, or was not answered, is NOT_LEADER_OR_FOLLOWER, to be tried again. */
  async write(brokerId: number, markers: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]> {
    const request = {
      markers: markers.map(({ committed, partitions, ...marker }) => ({
        ...marker,
        transactionResult: committed,
        topics: partitions.map(({ topic, partitionIndexes }) => ({ name: topic, partitionIndexes })),
      })),
    };
    try {
      const answer = await this.#options.channels.send(brokerId, laneOf(markers), WriteTxnMarkers, request, {
        timeoutMs: TIMEOUT_MS,
      });
      return markers.map((marker, index) => markedBy(marker, answer.markers[index]?.topics ?? []));
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      const { kind, message } = error;
      this.#options.logger.debug({ brokerId, kind }, `Transaction markers did not reach their partitions: ${message}`);
      return markers.map((marker) => markedBy(marker, []));
    }
  }
}

/** One partition that cannot commit holds up the answers of its lane, not those of all. */
function laneOf([marker]: readonly TransactionMarker[]): string {
  return `markers-${(marker?.producerId ?? 0) % 4}`;
}

/** What was asked, as it was answered. */
function markedBy(
  { partitions }: TransactionMarker,
  answered: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
): MarkedPartitions {
  const errorCodes = new Map<string, number>();
  for (const { name, partitions: answers } of answered) {
    for (const { partitionIndex, errorCode } of answers) errorCodes.set(`${name}/${partitionIndex}`, errorCode);
  }
  return partitions.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      errorCode: errorCodes.get(`${topic}/${partitionIndex}`) ?? ErrorCode.NOT_LEADER_OR_FOLLOWER,
    })),
  }));
}
