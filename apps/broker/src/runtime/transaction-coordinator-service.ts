import { ErrorCode } from '@ks/protocol';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import type { CommitReply } from '../core/group/replies.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { TransactionCommand } from '../core/transaction/commands.ts';
import { refusedReply } from '../core/transaction/refused.ts';
import {
  type DescribeReply,
  type ListReply,
  type PartitionsReply,
  producerError,
  type ProducerReply,
  producerReply,
  type TransactionReply,
} from '../core/transaction/replies.ts';
import type { Timer } from '../ports/clock.ts';
import { MetadataStoreError } from '../ports/metadata-store.ts';
import type { BrokerChannels } from './broker-channels.ts';
import { CompletionWaiters } from './completion-waiters.ts';
import { locateCoordinator } from './coordinator-location.ts';
import type { FoundCoordinator, GroupCoordinatorHost } from './group-coordinator.ts';
import type { ProducerIds } from './producer-ids.ts';
import { RemoteMarkers } from './remote-markers.ts';
import type { ReplicaManager } from './replica-manager.ts';
import { RoutedVerification } from './routed-verification.ts';
import type { TopicAdmin } from './topic-admin.ts';
import type {
  AddOffsetsRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  InitProducerIdRequest,
  ListTransactionsRequest,
  TransactionCoordinatorHost,
  VerifyPartitionsRequest,
} from './transaction-coordinator.ts';
import {
  type MarkedPartitions,
  type MarkerJob,
  type TransactionMarker,
  TransactionMarkers,
} from './transaction-markers.ts';
import {
  openTransactionPartition,
  type TransactionPartition,
  type TransactionPartitionOptions,
} from './transaction-partition.ts';
import { patternOf } from './transactional-id-pattern.ts';
import { coordinatorVerifier, type TransactionVerifier } from './transaction-verifier.ts';
import { type TransactionalCommitRequest, TransactionalOffsets } from './transactional-offsets.ts';

const TOPIC = '__transaction_state';
const OFFSETS_TOPIC = '__consumer_offsets';

export interface TransactionCoordinatorOptions extends TransactionPartitionOptions {
  readonly brokerId: number;
  /** transaction.remove.expired.transaction.cleanup.interval.ms */
  readonly expiryCheckIntervalMs: number;
  readonly replicas: Pick<ReplicaManager, 'append' | 'partition'>;
  readonly controller: Pick<TopicAdmin, 'ensureInternalTopic'>;
  readonly image: () => ClusterImage;
  readonly producerIds: ProducerIds;
  readonly groups: Pick<GroupCoordinatorHost, 'commitTransactionalOffsets'>;
  /** transaction.partition.verification.enable */
  readonly isVerificationEnabled: () => boolean;
  /** To the leaders of other partitions, and to the coordinators of other transactional ids. */
  readonly channels: BrokerChannels;
  /** Writes markers into the partitions that this broker leads. */
  readonly writeMarkersHere: (markers: readonly TransactionMarker[]) => Promise<readonly MarkedPartitions[]>;
}

type ReplyOf<Type extends TransactionReply['type']> = TransactionReply & { readonly type: Type };
type KeyedCommand = TransactionCommand & { readonly transactionalId: string };

/** Routes each transactional id to the runtime of its partition, and prepared transactions to their markers. */
export class TransactionCoordinatorService implements TransactionCoordinatorHost {
  readonly #options: TransactionCoordinatorOptions;
  readonly #partitions = new Map<number, TransactionPartition>();
  readonly #markers: TransactionMarkers;
  readonly #offsets: TransactionalOffsets;
  readonly verifier: TransactionVerifier;
  readonly #waiters: CompletionWaiters;
  #expiryTimer: Timer | undefined;
  #stopped = false;

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    const { image, clock, logger, brokerId, channels } = options;
    const remote = new RemoteMarkers({ channels, logger });
    const channel = {
      writeMarkers: (leader: number, markers: readonly TransactionMarker[]) =>
        leader === brokerId ? this.writeMarkers(markers) : remote.write(leader, markers),
    };
    const completed = (job: MarkerJob) => this.#completed(job);
    this.#markers = new TransactionMarkers({ channel, image, clock, logger, completed });
    this.#waiters = new CompletionWaiters(clock);
    const { isVerificationEnabled, replicas, groups } = options;
    this.verifier = coordinatorVerifier({
      coordinator: new RoutedVerification({ brokerId, channels, image, local: this }),
      isEnabled: isVerificationEnabled,
    });
    this.#offsets = new TransactionalOffsets({
      replicas,
      groups,
      verifier: this.verifier,
      isVerificationEnabled,
      image,
    });
  }

  applyImage(next: ClusterImage): void {
    if (this.#stopped) return;
    const count = next.topicsByName.get(TOPIC)?.partitions.length ?? 0;
    for (const [index, partition] of this.#partitions) if (index >= count || !partition.isLed) this.#close(index);
    for (let index = 0; index < count; index++) this.#openIfLed(index);
  }

  #openIfLed(index: number): void {
    const hosted = this.#options.replicas.partition(TOPIC, index);
    if (hosted === undefined || !hosted.isOpen || !hosted.isLeader || this.#partitions.has(index)) return;
    const { leaderEpoch } = hosted;
    const partition = openTransactionPartition(hosted, this.#options, {
      prepared: (effect) => {
        this.#markers.send({ ...effect, coordinatorPartition: index, coordinatorEpoch: leaderEpoch });
      },
      lost: () => {
        if (this.#partitions.get(index) === partition) this.#close(index);
      },
    });
    this.#partitions.set(index, partition);
  }

  #close(index: number): void {
    this.#partitions.get(index)?.close();
    this.#partitions.delete(index);
    this.#markers.cancelOf(index);
  }

  async #completed({ transactionalId, producerId, producerEpoch }: MarkerJob): Promise<boolean> {
    const reply = await this.#submit({ type: 'completed', transactionalId, producerId, producerEpoch }, 'status');
    this.#waiters.wake(transactionalId);
    // Whoever coordinates now writes the markers again.
    return reply.errorCode === ErrorCode.NONE || reply.errorCode === ErrorCode.NOT_COORDINATOR;
  }

  start(): void {
    const { clock, expiryCheckIntervalMs } = this.#options;
    this.#expiryTimer = clock.setTimer(expiryCheckIntervalMs, () => {
      void this.#expire().then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  async #expire(): Promise<void> {
    for (const partition of [...this.#partitions.values()]) {
      for (let more = true; more; ) {
        const reply = await partition.submit({ type: 'expire' });
        more = reply.type === 'expire' && reply.more;
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#expiryTimer?.cancel();
    for (const index of [...this.#partitions.keys()]) this.#close(index);
  }

  findCoordinator(transactionalId: string, listenerName: string): Promise<FoundCoordinator> {
    return locateCoordinator(TOPIC, transactionalId, listenerName, this.#options);
  }

  async initProducerId(request: InitProducerIdRequest): Promise<ProducerReply> {
    const { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch } = request;
    if (isHalfKnown(producerId, producerEpoch)) return producerError(ErrorCode.INVALID_REQUEST);
    if (transactionalId === null) {
      const id = await this.#freshProducerId();
      return id === undefined ? producerError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) : producerReply(id, 0);
    }
    const isNew = producerId === -1 && producerEpoch === -1;
    const expected = isNew ? undefined : { producerId, producerEpoch };
    return this.#withProducerId({ type: 'init-producer-id', transactionalId, timeoutMs, expected });
  }

  endTransaction(request: EndTransactionRequest): Promise<ProducerReply> {
    return this.#withProducerId({ type: 'end', ...request });
  }

  /** Few commands need a fresh producer id, and only their decision tells which. */
  async #withProducerId(
    command:
      | Omit<KeyedCommand & { type: 'init-producer-id' }, 'freshProducerId'>
      | Omit<KeyedCommand & { type: 'end' }, 'freshProducerId'>,
  ): Promise<ProducerReply> {
    const first = await this.#submitAny({ ...command, freshProducerId: undefined });
    if (first.type === 'producer') return first;
    const freshProducerId = await this.#freshProducerId();
    if (freshProducerId === undefined) return producerError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    const second = await this.#submitAny({ ...command, freshProducerId });
    if (second.type === 'producer') return second;
    throw new Error(`a ${command.type} was answered with a ${second.type}`);
  }

  async #freshProducerId(): Promise<number | undefined> {
    try {
      return await this.#options.producerIds.next();
    } catch (error) {
      if (!(error instanceof MetadataStoreError)) throw error;
      this.#options.logger.warn({ error: error.message }, 'no producer id can be had from the metadata store');
      return undefined;
    }
  }

  addPartitions(request: AddPartitionsRequest): Promise<PartitionsReply> {
    const ask = () => this.#submit({ type: 'add-partitions', ...request }, 'partitions');
    return this.#waiters.patiently(request.transactionalId, ask, ({ topics }) =>
      topics.some(({ partitions }) => partitions.some(isConcurrent)),
    );
  }
  verifyPartitions(request: VerifyPartitionsRequest): Promise<PartitionsReply> {
    return this.#submit({ type: 'verify-partitions', ...request }, 'partitions');
  }

  async addOffsets(request: AddOffsetsRequest): Promise<number> {
    const { transactionalId, groupId, producerId, producerEpoch } = request;
    const { controller, image } = this.#options;
    // A client asks this before it asks for the group's coordinator, who would create the topic.
    if (!image().topicsByName.has(OFFSETS_TOPIC)) await controller.ensureInternalTopic(OFFSETS_TOPIC);
    const count = image().topicsByName.get(OFFSETS_TOPIC)?.partitions.length ?? 0;
    if (count === 0) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    const partitionIndexes = [coordinatorPartition(groupId, count)];
    const partitions = [{ topic: OFFSETS_TOPIC, partitionIndexes }];
    const owner = { transactionalId, producerId, producerEpoch };
    const { topics } = await this.addPartitions({ ...owner, partitions, clientTransactionVersion: 0 });
    return topics[0]?.partitions[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  commitOffsets(request: TransactionalCommitRequest): Promise<CommitReply> {
    return this.#offsets.commit(request);
  }

  describeTransaction(transactionalId: string): Promise<DescribeReply> {
    return this.#submit({ type: 'describe', transactionalId }, 'describe');
  }

  async listTransactions(request: ListTransactionsRequest): Promise<ListReply> {
    const { transactionalIdPattern, ...filters } = request;
    const matches = patternOf(transactionalIdPattern);
    if (matches === undefined) {
      return { type: 'list', errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION, transactions: [] };
    }
    const replies = await Promise.all(
      [...this.#partitions.values()].map((partition) => partition.submit({ type: 'list', ...filters, matches })),
    );
    const lists = replies.filter((reply) => reply.type === 'list');
    const isLoading = lists.some((list) => list.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    const errorCode = isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE;
    return { type: 'list', errorCode, transactions: isLoading ? [] : lists.flatMap((list) => list.transactions) };
  }

  writeMarkers(markers: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]> {
    return this.#options.writeMarkersHere(markers);
  }

  async #submit<Type extends TransactionReply['type']>(command: KeyedCommand, type: Type): Promise<ReplyOf<Type>> {
    const reply = await this.#submitAny(command);
    if (!isReply(reply, type)) throw new Error(`a ${command.type} was answered with a ${reply.type}`);
    return reply;
  }

  #submitAny(command: KeyedCommand): Promise<TransactionReply> {
    const count = this.#options.image().topicsByName.get(TOPIC)?.partitions.length ?? 0;
    const index = count === 0 ? undefined : coordinatorPartition(command.transactionalId, count);
    const partition = index === undefined ? undefined : this.#partitions.get(index);
    return partition?.submit(command) ?? Promise.resolve(refusedReply(command, ErrorCode.NOT_COORDINATOR));
  }
}

function isConcurrent({ errorCode }: { readonly errorCode: number }): boolean {
  return errorCode === ErrorCode.CONCURRENT_TRANSACTIONS;
}

function isReply<Type extends TransactionReply['type']>(reply: TransactionReply, type: Type): reply is ReplyOf<Type> {
  return reply.type === type;
}

/** A producer has an id and an epoch, or neither. */
function isHalfKnown(producerId: number, producerEpoch: number): boolean {
  return producerId < 0 !== producerEpoch < 0;
}
