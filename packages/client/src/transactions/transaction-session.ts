import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  type Api,
  EndTxn,
  ErrorCode,
  InitProducerId,
  TxnOffsetCommit,
} from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { byTopic } from '../groups/by-topic.ts';
import type { Committer, OffsetToCommit } from '../groups/group-offsets.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { ProducerId, ProducerIdentity } from '../producer/producer-identity.ts';
import type { TransactionGate } from '../producer/transaction-gate.ts';
import { CoordinatorCalls, isFatal, transactionError } from './transaction-coordinator.ts';

export interface TransactionSessionOptions {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** Undefined: what the cluster has finalized. */
  readonly protocol: 1 | 2 | undefined;
}

/** From this level of `transaction.version` on brokers add partitions themselves, and each transaction has its own epoch (KIP-890). */
const IMPLICIT_PARTITIONS_SINCE = 2;
/** In AddPartitionsToTxn later versions are brokers' own. */
const CLIENTS_ADD_UNTIL = 3;
/** The versions by which brokers tell the two protocols apart. */
const protocolVersions = {
  1: { produce: { atMost: 11 }, commit: { atMost: 4 }, end: { atMost: 4 } },
  2: { produce: { atLeast: 12 }, commit: { atLeast: 5, atMost: 5 }, end: { atLeast: 5 } },
} as const;

/**
 * What a transactional producer and its coordinator agree on: the producer's id and epoch, and what has been made part of the
 * transaction that is open. One transaction at a time.
 */
export class TransactionSession implements ProducerIdentity, TransactionGate {
  readonly #cluster: Cluster;
  readonly #options: TransactionSessionOptions;
  readonly #coordinator: CoordinatorCalls;
  readonly #added = new Map<string, Promise<void>>();
  readonly #groups = new Set<string>();
  #id: ProducerId | undefined;
  #protocol: 1 | 2 = 1;
  /** The coordinator may know of the transaction. */
  #isBegun = false;
  /** Another epoch is needed before the next transaction: what brokers have of this one is not known. */
  #isUncertain = true;
  #fatal: KafkaError | undefined;
  #doom: KafkaError | undefined;
  #doomed: (error: KafkaError) => void = () => {};

  constructor(cluster: Cluster, options: TransactionSessionOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#coordinator = new CoordinatorCalls(cluster, options.transactionalId, 'transactional id');
  }

  get transactionalId(): string {
    return this.#options.transactionalId;
  }

  get produceVersions() {
    return protocolVersions[this.#protocol].produce;
  }

  get doom(): KafkaError | undefined {
    return this.#doom;
  }

  /** Ready for a transaction; `doomed` is called once when it turns out that it can only be aborted. */
  async begin(signal: AbortSignal, doomed: (error: KafkaError) => void): Promise<void> {
    if (this.#fatal !== undefined) throw this.#fatal;
    this.#doom = undefined;
    this.#doomed = doomed;
    this.#added.clear();
    this.#groups.clear();
    this.#isBegun = false;
    if (this.#isUncertain) await this.#initialize(signal);
    const { versions } = await this.#cluster.retrying(() => this.#coordinator.connection(signal), { signal });
    const isImplicit = versions.feature('transaction.version') >= IMPLICIT_PARTITIONS_SINCE;
    this.#protocol = this.#options.protocol ?? (isImplicit ? 2 : 1);
  }

  get current(): ProducerId | undefined {
    return this.#id;
  }

  get(): Promise<ProducerId> {
    if (this.#id !== undefined) return Promise.resolve(this.#id);
    return Promise.reject(new KafkaError(ErrorCode.INVALID_TXN_STATE, 'there is no transaction'));
  }

  /** A batch may be missing from its sequence. */
  renew(): void {
    this.#isUncertain = true;
  }

  failed(error: KafkaError): void {
    if (this.#doom !== undefined) return;
    this.#doom = error;
    this.#doomed(error);
  }

  async admit(partitions: readonly TopicPartition[]): Promise<void> {
    this.#isBegun = true;
    if (this.#protocol === 2) return;
    const fresh = partitions.filter(({ topic, partition }) => !this.#added.has(`${topic} ${partition}`));
    if (fresh.length > 0) {
      const adding = this.#addPartitions(fresh);
      for (const { topic, partition } of fresh) this.#added.set(`${topic} ${partition}`, adding);
      adding.catch(() => {
        for (const { topic, partition } of fresh) this.#added.delete(`${topic} ${partition}`);
      });
    }
    await Promise.all(partitions.map(({ topic, partition }) => this.#added.get(`${topic} ${partition}`)));
  }

  /** Makes a group's offsets part of the transaction. */
  async commitOffsets(groupId: string, committer: Committer, offsets: readonly OffsetToCommit[]): Promise<void> {
    if (offsets.length === 0) return;
    const { transactionalId } = this.#options;
    this.#isBegun = true;
    if (this.#protocol === 1 && !this.#groups.has(groupId)) {
      const body = { ...(await this.#sender()), groupId };
      await this.#call(AddOffsetsToTxn, body, {});
      this.#groups.add(groupId);
    }
    const body = {
      ...(await this.#sender()),
      groupId,
      topics: [...byTopic(offsets)].map(([name, some]) => ({
        name,
        partitions: some.map(({ partition, offset, leaderEpoch, metadata }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch ?? -1,
          committedMetadata: metadata ?? '',
        })),
      })),
    };
    const member = {
      memberId: committer.memberId,
      generationIdOrMemberEpoch: committer.generationIdOrMemberEpoch,
      groupInstanceId: committer.groupInstanceId ?? null,
    };
    await new CoordinatorCalls(this.#cluster, groupId, 'group').call(
      TxnOffsetCommit,
      (version) => (version >= 3 ? { ...body, ...member } : body),
      ({ topics }) =>
        topics
          .flatMap(({ name: topic, partitions }) =>
            partitions.map(({ partitionIndex: partition, errorCode }) =>
              transactionError(errorCode, transactionalId, { topic, partition }),
            ),
          )
          .find((error) => error !== undefined),
      protocolVersions[this.#protocol].commit,
    );
  }

  /** Commits or aborts what is open. Rejects with PRODUCER_FENCED; with REQUEST_TIMED_OUT where the outcome is not known. */
  async end(isCommit: boolean): Promise<void> {
    if (this.#fatal !== undefined) throw this.#fatal;
    if (!this.#isBegun || this.#id === undefined) return;
    const body = { ...(await this.#sender()), committed: isCommit };
    try {
      const answer = await this.#call(EndTxn, body, protocolVersions[this.#protocol].end);
      if (answer.producerId >= 0) this.#become(answer);
    } catch (error) {
      this.#isUncertain = true;
      if (!isCommit && !isFatal(asKafkaError(error))) return; // The next InitProducerId ends it, or its time-out.
      throw isCommit ? outcomeOf(asKafkaError(error)) : error;
    }
  }

  #become({ producerId, producerEpoch }: ProducerId): void {
    this.#id = { producerId, producerEpoch };
    this.#isUncertain = false;
  }

  async #initialize(signal: AbortSignal): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    const before = this.#id ?? { producerId: -1, producerEpoch: -1 };
    const answer = await this.#coordinator.call(
      InitProducerId,
      // KIP-360: with its old id a producer gets the next epoch, unless another took its place.
      (version) => ({ transactionalId, transactionTimeoutMs, ...(version >= 3 ? before : {}) }),
      ({ errorCode }) => this.#failureOf(errorCode),
      { signal },
    );
    this.#become(answer);
  }

  async #addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    const { transactionalId } = this.#options;
    const { producerId, producerEpoch } = await this.#sender();
    await this.#coordinator.call(
      AddPartitionsToTxn,
      {
        transactions: [],
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [...byTopic(partitions)].map(([name, some]) => ({
          name,
          partitions: some.map(({ partition }) => partition),
        })),
      },
      ({ resultsByTopicV3AndBelow }) =>
        resultsByTopicV3AndBelow
          .flatMap(({ name: topic, resultsByPartition }) =>
            resultsByPartition.map(({ partitionIndex: partition, partitionErrorCode: code }) =>
              code === ErrorCode.OPERATION_NOT_ATTEMPTED ? undefined : this.#failureOf(code, { topic, partition }),
            ),
          )
          .find((error) => error !== undefined),
      { atMost: CLIENTS_ADD_UNTIL },
    );
  }

  #call<ReqIn, ReqOut, ResIn, ResOut extends { readonly errorCode: number }>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: ReqIn,
    limits: { readonly atLeast?: number; readonly atMost?: number },
  ): Promise<ResOut> {
    return this.#coordinator.call(api, body, ({ errorCode }) => this.#failureOf(errorCode), limits);
  }

  async #sender() {
    return { transactionalId: this.#options.transactionalId, ...(await this.get()) };
  }

  /** What is fatal stays. */
  #failureOf(code: number, details: Partial<TopicPartition> = {}): KafkaError | undefined {
    const error = transactionError(code, this.#options.transactionalId, details);
    if (error !== undefined && isFatal(error)) this.#fatal = error;
    return error;
  }
}

/** Whether a commit that failed may have been made all the same. */
function outcomeOf(error: KafkaError): KafkaError {
  if (!error.retriable && error.code !== ClientErrorCode.CLOSED) return error;
  const message = `whether the transaction was committed is not known: ${error.message} The next transaction waits until it is settled.`;
  return new KafkaError(ErrorCode.REQUEST_TIMED_OUT, message, { cause: error, retriable: false });
}
