import { AddPartitionsToTxn, ErrorCode, type ResponseOf } from '@ks/protocol';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { type PartitionsReply, partitionsReply } from '../core/transaction/replies.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import type {
  AddPartitionsRequest,
  TransactionCoordinator,
  VerifyPartitionsRequest,
} from './transaction-coordinator.ts';

export interface RoutedVerificationOptions {
  readonly brokerId: number;
  readonly channels: BrokerChannels;
  readonly image: () => ClusterImage;
  /** This broker's own coordinator. */
  readonly local: Pick<TransactionCoordinator, 'addPartitions' | 'verifyPartitions'>;
}

const TOPIC = '__transaction_state';
const LANE = 'transactions';
/** A producer's connection is held as long: it hears of it sooner than its own time is over. */
const TIMEOUT_MS = 5000;
/** Requests to one broker at a time; what comes meanwhile goes together in the next. */
const IN_FLIGHT_MAX = 4;

/** One transaction that is asked about. */
interface Asked {
  readonly request: VerifyPartitionsRequest;
  readonly verifyOnly: boolean;
  readonly resolve: (reply: PartitionsReply) => void;
}

/** What is asked of one broker. */
interface Destination {
  waiting: Asked[];
  inFlight: number;
}

/** Asks the coordinator of each transactional id, wherever it is (AddPartitionsToTxn v4 and later, KIP-890). Nothing here rejects. */
export class RoutedVerification implements Pick<TransactionCoordinator, 'addPartitions' | 'verifyPartitions'> {
  readonly #options: RoutedVerificationOptions;
  readonly #destinations = new Map<number, Destination>();

  constructor(options: RoutedVerificationOptions) {
    this.#options = options;
  }

  addPartitions(request: AddPartitionsRequest): Promise<PartitionsReply> {
    return this.#route(request, false, () => this.#options.local.addPartitions(request));
  }

  verifyPartitions(request: VerifyPartitionsRequest): Promise<PartitionsReply> {
    return this.#route(request, true, () => this.#options.local.verifyPartitions(request));
  }

  #route(
    request: VerifyPartitionsRequest,
    verifyOnly: boolean,
    askHere: () => Promise<PartitionsReply>,
  ): Promise<PartitionsReply> {
    const partitions = this.#options.image().topicsByName.get(TOPIC)?.partitions ?? [];
    const leader = partitions[coordinatorPartition(request.transactionalId, partitions.length)]?.leader ?? -1;
    if (leader === this.#options.brokerId) return askHere();
    if (leader < 0) return Promise.resolve(sameError(request, ErrorCode.COORDINATOR_NOT_AVAILABLE));
    return new Promise((resolve) => this.#enqueue(leader, { request, verifyOnly, resolve }));
  }

  #enqueue(brokerId: number, asked: Asked): void {
    const destination = this.#destinations.get(brokerId) ?? { waiting: [], inFlight: 0 };
    this.#destinations.set(brokerId, destination);
    destination.waiting.push(asked);
    this.#send(brokerId, destination);
  }

  #send(brokerId: number, destination: Destination): void {
    while (destination.inFlight < IN_FLIGHT_MAX && destination.waiting.length > 0) {
      const batch = takeBatch(destination);
      destination.inFlight += 1;
      void this.#ask(brokerId, batch).then(() => {
        destination.inFlight -= 1;
        this.#send(brokerId, destination);
      });
    }
  }

  async #ask(brokerId: number, batch: readonly Asked[]): Promise<void> {
    const transactions = batch.map(({ request, verifyOnly }) => ({
      transactionalId: request.transactionalId,
      producerId: request.producerId,
      producerEpoch: request.producerEpoch,
      verifyOnly,
      topics: request.partitions.map(({ topic, partitionIndexes }) => ({ name: topic, partitions: partitionIndexes })),
    }));
    let answer: ResponseOf<typeof AddPartitionsToTxn>;
    try {
      const options = { timeoutMs: TIMEOUT_MS };
      answer = await this.#options.channels.send(brokerId, LANE, AddPartitionsToTxn, { transactions }, options);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      for (const { request, resolve } of batch) resolve(sameError(request, ErrorCode.NETWORK_EXCEPTION));
      return;
    }
    const results = new Map(answer.resultsByTransaction.map((each) => [each.transactionalId, each.topicResults]));
    for (const { request, resolve } of batch) {
      const topics = results.get(request.transactionalId);
      const isWhole = answer.errorCode === ErrorCode.NONE && topics !== undefined;
      resolve(isWhole ? answered(topics) : sameError(request, answer.errorCode || ErrorCode.COORDINATOR_NOT_AVAILABLE));
    }
  }
}

/** As many as may go together: an answer names a transactional id once. */
function takeBatch(destination: Destination): readonly Asked[] {
  const batch = new Map<string, Asked>();
  const later: Asked[] = [];
  for (const asked of destination.waiting) {
    const { transactionalId } = asked.request;
    if (batch.has(transactionalId)) later.push(asked);
    else batch.set(transactionalId, asked);
  }
  destination.waiting = later;
  return [...batch.values()];
}

function answered(
  topics: ResponseOf<typeof AddPartitionsToTxn>['resultsByTransaction'][number]['topicResults'],
): PartitionsReply {
  return {
    type: 'partitions',
    topics: topics.map(({ name, resultsByPartition }) => ({
      topic: name,
      partitions: resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => ({
        partitionIndex,
        // Another partition of the request kept this one out: that is the other's error, this one may be tried again.
        errorCode:
          partitionErrorCode === ErrorCode.OPERATION_NOT_ATTEMPTED
            ? ErrorCode.COORDINATOR_NOT_AVAILABLE
            : partitionErrorCode,
      })),
    })),
  };
}

function sameError({ partitions }: VerifyPartitionsRequest, errorCode: number): PartitionsReply {
  return partitionsReply(partitions, () => errorCode);
}
