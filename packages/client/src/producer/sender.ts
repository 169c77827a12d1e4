import { type BatchSeal, ErrorCode, Produce } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { deferred } from '../deferred.ts';
import { asKafkaError, errorFromCode, isMetadataStale, type KafkaError } from '../kafka-error.ts';
import type { BrokerVersions } from '../network/negotiate-versions.ts';
import type { Timer } from '../ports/clock.ts';
import { backoffMs } from '../retry-policy.ts';
import type { Accumulator, PartitionQueue } from './accumulator.ts';
import type { PendingBatch } from './pending-batch.ts';
import { explained, isTooLarge, tooLate } from './producer-errors.ts';
import type { ProducerId, ProducerIdentity } from './producer-identity.ts';
import type { TransactionGate } from './transaction-gate.ts';
import { buildProduceRequest, leaderHints, type OutgoingBatch, outcomesOf } from './produce-request.ts';

export interface SenderOptions {
  readonly acks: -1 | 0 | 1;
  /** Requests that may be under way at one broker. */
  readonly maxInFlight: number;
  readonly maxRequestBytes: number;
  readonly seal: BatchSeal;
  /** Undefined: batches go without, and one that is sent again may be there twice. */
  readonly identity: ProducerIdentity | undefined;
  /** Undefined: batches are part of no transaction. */
  readonly transaction: TransactionGate | undefined;
  /** Called whenever batches were settled, so that room is free. */
  readonly settled: () => void;
}

const PRODUCE_CHANNEL = 'produce';
/** The broker knows the producer no more, or expects another batch of it. */
const outOfStepCodes: readonly number[] = [
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
];
/** Batches of magic 2 came with this version, zstd with that. */
const RECORD_BATCHES_SINCE = 3;
const ZSTD_SINCE = 7;
/** Later versions have topic ids alone. */
const NAMES_UNTIL = 12;

interface BrokerLoad {
  requests: number;
  /** Settles when every request so far was written: they go out in the order in which their batches were taken. */
  written: Promise<void>;
  /** Told by the broker to wait until then, monotonic. */
  throttledUntilMs: number;
}

/**
 * Sends what is due, grouped by the partitions' leaders. It wakes once per loop turn after records were added, and at the
 * time when a batch has lingered, may be tried again, or is given up.
 */
export class Sender {
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #options: SenderOptions;
  readonly #brokers = new Map<number, BrokerLoad>();
  #isTurnPending = false;
  #timer: Timer | undefined;

  constructor(cluster: Cluster, accumulator: Accumulator, options: SenderOptions) {
    this.#cluster = cluster;
    this.#accumulator = accumulator;
    this.#options = options;
  }

  /** Looks for work at the end of this loop turn. */
  wake(): void {
    if (this.#isTurnPending) return;
    this.#isTurnPending = true;
    this.#clock.nextTurn(() => {
      this.#isTurnPending = false;
      this.#pump();
    });
  }

  /** Stops waking by itself. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #clock() {
    return this.#cluster.options.clock;
  }

  #pump(): void {
    this.stop();
    const nowMs = this.#clock.monotonicMs();
    if (this.#accumulator.expire(nowMs, (batch) => this.#expired(batch))) this.#options.settled();
    while (this.#sendDue(nowMs));
    this.#schedule(nowMs);
  }

  /** Sends the first batch of each queue that is due; false where there was none to send. */
  #sendDue(nowMs: number): boolean {
    const requests = new Map<number, PartitionQueue[]>();
    const sizes = new Map<number, number>();
    const leaderless: PartitionQueue[] = [];
    for (const queue of this.#accumulator.due(nowMs)) {
      const leaderId = this.#cluster.knownTopic(queue.topic)?.partitions[queue.partition]?.leaderId ?? -1;
      if (leaderId < 0) {
        leaderless.push(queue);
        continue;
      }
      const load = this.#loadOf(leaderId);
      if (load.requests >= this.#options.maxInFlight || load.throttledUntilMs > nowMs) continue;
      const size = (sizes.get(leaderId) ?? 0) + (queue.batches[0]?.sizeBytes ?? 0);
      const request = requests.get(leaderId) ?? [];
      if (request.length > 0 && size > this.#options.maxRequestBytes) continue;
      request.push(queue);
      requests.set(leaderId, request);
      sizes.set(leaderId, size);
    }
    for (const [leaderId, queues] of requests) void this.#send(leaderId, queues);
    for (const queue of leaderless) this.#awaitLeader(queue);
    return requests.size > 0;
  }

  #schedule(nowMs: number): void {
    const times = [...this.#brokers.values()].map((load) => load.throttledUntilMs).filter((until) => until > nowMs);
    const dueAtMs = this.#accumulator.nextDueAtMs(nowMs);
    if (dueAtMs !== undefined) times.push(dueAtMs);
    if (times.length === 0) return;
    this.#timer = this.#clock.setTimer(Math.max(0, Math.min(...times) - nowMs), () => this.wake());
  }

  #awaitLeader(queue: PartitionQueue): void {
    const batch = this.#accumulator.take(queue);
    if (batch === undefined) return;
    const details = { topic: queue.topic, partition: queue.partition, retriable: true };
    const code = this.#cluster.view.topicErrors.get(queue.topic);
    const error =
      code === undefined
        ? errorFromCode(ErrorCode.LEADER_NOT_AVAILABLE, 'the partition has no leader', details)
        : errorFromCode(code, undefined, details);
    this.#failed(queue, batch, error);
  }

  /** Sends one request; never rejects. */
  async #send(leaderId: number, queues: readonly PartitionQueue[]): Promise<void> {
    const load = this.#loadOf(leaderId);
    load.requests += 1;
    const taken = queues.flatMap((queue) => {
      const batch = this.#accumulator.take(queue);
      return batch === undefined ? [] : [{ queue, batch }];
    });
    const { identity, transaction } = this.#options;
    const id = identity?.current;
    if (id !== undefined) for (const { queue, batch } of taken) this.#number(queue, batch, id);
    const before = load.written;
    const written = deferred();
    load.written = written.promise;
    try {
      const outgoing = await Promise.all(
        taken.map(async ({ queue, batch }) => ({ queue, batch, bytes: await this.#seal(queue, batch) })),
      );
      if (transaction !== undefined) await transaction.admit(queues);
      await before;
      await this.#produce(leaderId, load, outgoing, written.resolve);
    } catch (error) {
      const failure = asKafkaError(error);
      for (const { queue, batch } of taken) if (queue.inFlight.includes(batch)) this.#failed(queue, batch, failure);
    } finally {
      written.resolve();
      load.requests -= 1;
      this.#options.settled();
      this.wake();
    }
  }

  /** A batch of an idempotent producer gets its sequence when it first goes out; one that goes again keeps it. */
  #number(queue: PartitionQueue, batch: PendingBatch, id: ProducerId): void {
    batch.sequence ??= queue.sequences.take(id, batch.recordsCount);
  }

  async #seal(queue: PartitionQueue, batch: PendingBatch): Promise<Uint8Array> {
    const { identity, seal, transaction } = this.#options;
    if (identity === undefined) return batch.seal(seal);
    if (batch.sequence === undefined) this.#number(queue, batch, await identity.get());
    const { id, baseSequence } = batch.sequence ?? {};
    return batch.seal({
      ...seal,
      ...id,
      ...(baseSequence !== undefined && { baseSequence }),
      isTransactional: transaction !== undefined,
    });
  }

  /** Calls `written` when the request is on its way. */
  async #produce(
    leaderId: number,
    load: BrokerLoad,
    outgoing: readonly OutgoingBatch[],
    written: () => void,
  ): Promise<void> {
    const { acks } = this.#options;
    const { requestTimeoutMs } = this.#cluster.options;
    const broker = await this.#cluster.connectionTo(leaderId, PRODUCE_CHANNEL);
    const topicIds = new Map(
      outgoing.map(({ queue }) => [queue.topic, this.#cluster.view.topics.get(queue.topic)?.topicId]),
    );
    const hasIds = [...topicIds.values()].every((topicId) => topicId !== undefined);
    const version = this.#versionFor(broker.versions, hasIds);
    const transactionalId = this.#options.transaction?.transactionalId ?? null;
    const body = buildProduceRequest(outgoing, topicIds, { acks, timeoutMs: requestTimeoutMs, transactionalId });
    if (acks === 0) {
      broker.connection.send(Produce, version, body);
      for (const { queue, batch } of outgoing) this.#succeeded(queue, batch, { baseOffset: -1, logAppendTimeMs: -1 });
      return;
    }
    // The broker answers within requestTimeoutMs; the way there and back needs some more.
    const answer = broker.connection.request(Produce, version, body, { timeoutMs: requestTimeoutMs + 5000 });
    written();
    const response = await answer;
    if (response.throttleTimeMs > 0) load.throttledUntilMs = this.#clock.monotonicMs() + response.throttleTimeMs;
    this.#cluster.learnLeaders(leaderHints(response, topicIds), response.nodeEndpoints);
    for (const { queue, batch, receipt, error } of outcomesOf(response, outgoing, topicIds, broker.label)) {
      const isThere = error === undefined || error.code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER;
      if (isThere) {
        this.#succeeded(queue, batch, receipt);
        this.#accumulator.recycle(batch);
      } else this.#failed(queue, batch, error, leaderId);
    }
  }

  #versionFor(versions: BrokerVersions, hasIds: boolean): number {
    const { atLeast = RECORD_BATCHES_SINCE, atMost = Number.POSITIVE_INFINITY } =
      this.#options.transaction?.produceVersions ?? {};
    const needed = this.#options.seal.compression === 'zstd' ? Math.max(atLeast, ZSTD_SINCE) : atLeast;
    return versions.pick(Produce, needed, hasIds ? atMost : Math.min(atMost, NAMES_UNTIL));
  }

  #succeeded(queue: PartitionQueue, batch: PendingBatch, receipt: Parameters<PendingBatch['succeed']>[0]): void {
    this.#tell(batch, receipt.baseOffset, undefined);
    batch.succeed(receipt);
    this.#accumulator.done(queue, batch);
  }

  /** Sends a batch again, in two where it is too large, unless that is of no use or too late. */
  #failed(queue: PartitionQueue, batch: PendingBatch, error: KafkaError, askedId?: number): void {
    batch.lastError = error;
    batch.attempts += 1;
    const { transaction, seal } = this.#options;
    const mayDivide = isTooLarge(error) && transaction?.doom === undefined && !this.#cluster.isClosed;
    if (mayDivide && this.#accumulator.split(queue, batch, seal.checksum)) return;
    const isOutOfStep = batch.sentAs !== undefined && outOfStepCodes.includes(error.code);
    const isBehind = isOutOfStep && !this.#accumulator.isOldest(queue, batch);
    // Within a transaction what came before under the same id would be lost.
    const isRenumbered = isOutOfStep && !isBehind && transaction === undefined;
    if (isRenumbered) this.#renumber(batch);
    const isWorthIt = error.retriable || isBehind || isRenumbered;
    const { clock, retry, random } = this.#cluster.options;
    const nowMs = clock.monotonicMs();
    // Told who leads now there is nothing to wait for, the first time.
    const isTold = batch.attempts === 1 && isMetadataStale(error.code) && this.#isElsewhere(queue, askedId);
    const retryAtMs = isTold ? nowMs : nowMs + backoffMs(retry, batch.attempts, random);
    if (!isWorthIt || transaction?.doom !== undefined || this.#cluster.isClosed) {
      this.#skipped(batch);
      const reason = this.#cluster.isClosed ? error : explained(error, batch);
      this.#tell(batch, -1, reason);
      batch.fail(reason);
      this.#accumulator.done(queue, batch);
      transaction?.failed(error);
      return;
    }
    this.#cluster.tellRetry('produce', queue, batch.attempts, retryAtMs - nowMs, error);
    this.#accumulator.retry(queue, batch, retryAtMs);
    if (isMetadataStale(error.code) && !isTold) this.#cluster.refresh([queue.topic]).catch(() => {});
  }

  #isElsewhere({ topic, partition }: PartitionQueue, askedId: number | undefined): boolean {
    const leaderId = this.#cluster.view.topics.get(topic)?.partitions[partition]?.leaderId ?? -1;
    return askedId !== undefined && leaderId >= 0 && leaderId !== askedId;
  }

  /** The broker has lost track of the producer, and not taken the batch: it goes again under another id. */
  #renumber(batch: PendingBatch): void {
    this.#skipped(batch);
    batch.unseal();
  }

  /** A batch with a sequence that may never have arrived: what comes behind it would be refused for the gap. */
  #skipped({ sentAs }: PendingBatch): void {
    if (sentAs !== undefined) this.#options.identity?.renew(sentAs);
  }

  #expired(batch: PendingBatch): KafkaError {
    this.#skipped(batch);
    const error = tooLate(batch);
    this.#tell(batch, -1, error);
    this.#options.transaction?.failed(error);
    return error;
  }

  #tell(batch: PendingBatch, baseOffset: number, error: KafkaError | undefined): void {
    const { produce } = this.#cluster.diagnostics;
    if (!produce.hasSubscribers) return;
    const { topic, partition, recordsCount: records, sizeBytes: bytes, attempts } = batch;
    const { clientId, clock } = this.#cluster.options;
    const durationMs = clock.monotonicMs() - batch.createdAtMs;
    const tried = error === undefined ? attempts + 1 : attempts;
    produce.publish({ clientId, topic, partition, records, bytes, durationMs, attempts: tried, baseOffset, error });
  }

  #loadOf(nodeId: number): BrokerLoad {
    let load = this.#brokers.get(nodeId);
    if (load === undefined) {
      load = { requests: 0, written: Promise.resolve(), throttledUntilMs: 0 };
      this.#brokers.set(nodeId, load);
    }
    return load;
  }
}
