import { createCore } from '@ks/core-wasm';
import {
  type AnyApi,
  ApiVersions,
  batchHeader,
  CreateTopics,
  DeleteTopics,
  decodeRequestHeader,
  ErrorCode,
  encodeResponse,
  Fetch,
  InitProducerId,
  joinFrame,
  ListOffsets,
  Metadata,
  OffsetForLeaderEpoch,
  Produce,
  Reader,
  RecordBatch,
  type RequestOf,
  type ResponseInput,
  SaslAuthenticate,
  SaslHandshake,
  ZERO_UUID,
} from '@ks/protocol';
import type { Address } from '../../src/ports/network.ts';
import { FakeNetwork, type Peer } from './fake-network.ts';
import { ProducerStates } from './producer-states.ts';
import { VirtualClock } from './virtual-clock.ts';

const served: readonly AnyApi[] = [
  ApiVersions,
  Metadata,
  Produce,
  Fetch,
  ListOffsets,
  CreateTopics,
  DeleteTopics,
  InitProducerId,
  OffsetForLeaderEpoch,
  SaslHandshake,
  SaslAuthenticate,
];

export interface FakePartition {
  leaderId: number;
  leaderEpoch: number;
  logStartOffset: number;
  batches: Uint8Array[];
  aborted: { producerId: number; firstOffset: number }[];
  /** Under read_committed nothing at or after it is shown. */
  lastStableOffset: number | undefined;
}

export interface FakeTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: FakePartition[];
}

/** A request as a broker got it. */
export interface Received {
  readonly nodeId: number;
  readonly api: string;
  readonly version: number;
  readonly body: unknown;
}

/** What a script answers: a body, nothing for ever, or the end of the connection. Undefined lets the broker answer as usual. */
export type Scripted = object | 'silence' | 'close' | undefined;

/** A Kafka cluster in memory, as much of it as a client can tell: real bytes on a fake network, under virtual time. */
export class FakeKafka {
  readonly clock = new VirtualClock();
  readonly network = new FakeNetwork(this.clock.touch);
  readonly core = createCore({ kind: 'reference' });
  readonly brokers = new Map<number, Address>();
  readonly topics = new Map<string, FakeTopic>();
  readonly received: Received[] = [];
  /** The newest version of an API that brokers admit to; 0 for ApiVersions makes them refuse newer ones. */
  readonly maxVersions = new Map<number, number>();
  /** How long every answer but those about versions takes. */
  delayMs = 0;
  /** Whether who is asked in a leader's place says who that is (KIP-951). */
  givesHints = false;
  /** The largest batch that brokers take. */
  maxMessageBytes = Number.POSITIVE_INFINITY;
  /** What brokers remember of idempotent producers. */
  readonly producers = new ProducerStates();
  #producerIds = 1000;
  readonly #scripts: { readonly key: number; readonly answer: (request: never, nodeId: number) => Scripted }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #more = new Map<AnyApi, (request: never, nodeId: number) => Scripted>();

  constructor(brokerCount = 1) {
    for (let nodeId = 1; nodeId <= brokerCount; nodeId += 1) {
      this.brokers.set(nodeId, { host: `broker${nodeId}`, port: 9092 });
      this.start(nodeId);
    }
  }

  start(nodeId: number): void {
    this.network.listen(this.addressOf(nodeId), {
      received: (peer, frame) => void this.#received(nodeId, peer, frame),
    });
  }

  stop(nodeId: number): void {
    this.network.stop(this.addressOf(nodeId));
  }

  addressOf(nodeId: number): Address {
    const address = this.brokers.get(nodeId);
    if (address === undefined) throw new Error(`no broker ${nodeId}`);
    return address;
  }

  createTopic(name: string, partitionCount = 1, leaderOf: (partition: number) => number = () => 1): FakeTopic {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
      leaderId: leaderOf(partition),
      leaderEpoch: 0,
      logStartOffset: 0,
      batches: [],
      aborted: [],
      lastStableOffset: undefined,
    }));
    const topicId = Buffer.from(name.padEnd(16, '_').slice(0, 16)).toString('base64url');
    const topic = { name, topicId, partitions };
    this.topics.set(name, topic);
    return topic;
  }

  partition(topic: string, index: number): FakePartition {
    const partition = this.topics.get(topic)?.partitions[index];
    if (partition === undefined) throw new Error(`no partition ${topic}-${index}`);
    return partition;
  }

  moveLeader(topic: string, index: number, leaderId: number): void {
    const partition = this.partition(topic, index);
    partition.leaderId = leaderId;
    partition.leaderEpoch += 1;
    this.wake();
  }

  /** Answers the next request of this API by `answer`; scripts of one API are used up in order. */
  script<A extends AnyApi>(
    api: A,
    answer: (request: RequestOf<A>, nodeId: number) => ResponseInput<A> | 'silence' | 'close' | undefined,
  ): void {
    this.#scripts.push({ key: api.key, answer: answer as (request: never, nodeId: number) => Scripted });
  }

  /** Serves an API besides, or in another way; to be called before a client opens. */
  serve<A extends AnyApi>(
    api: A,
    answer: (request: RequestOf<A>, nodeId: number) => ResponseInput<A> | 'silence' | 'close',
  ): void {
    this.#more.set(api, answer as (request: never, nodeId: number) => Scripted);
  }

  get #served(): readonly AnyApi[] {
    return [...new Set([...served, ...this.#more.keys()])];
  }

  /** As after an unclean election: what was at `offset` and behind it is in the log no more. */
  truncate(topic: string, index: number, offset: number): void {
    const partition = this.partition(topic, index);
    partition.batches = partition.batches.filter((batch) => new RecordBatch(batch).baseOffset < offset);
  }

  requests<A extends AnyApi>(
    api: A,
  ): { readonly nodeId: number; readonly version: number; readonly body: RequestOf<A> }[] {
    return this.received
      .filter((one) => one.api === api.name)
      .map((one) => ({ ...one, body: one.body as RequestOf<A> }));
  }

  endOffset(partition: FakePartition): number {
    const last = partition.batches.at(-1);
    return last === undefined ? partition.logStartOffset : new RecordBatch(last).nextOffset;
  }

  /** Puts a batch into a log as it is, but for its base offset and leader epoch. */
  append(topic: string, index: number, batch: Uint8Array): number {
    const partition = this.partition(topic, index);
    const offset = this.endOffset(partition);
    const copy = batch.slice();
    batchHeader.setBaseOffset(copy, 0, offset);
    batchHeader.setLeaderEpoch(copy, 0, partition.leaderEpoch);
    partition.batches.push(copy);
    this.wake();
    return offset;
  }

  /** Values in a log, in order. */
  values(topic: string, index: number): string[] {
    return this.partition(topic, index).batches.flatMap((bytes) => {
      const batch = new RecordBatch(bytes);
      return [...batch.records(batch.payload)].map((record) => Buffer.from(record.value ?? []).toString());
    });
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #received(nodeId: number, peer: Peer, frame: Uint8Array): Promise<void> {
    const reader = new Reader(frame);
    const head = decodeRequestHeader(reader, (key) => this.#served.find((api) => api.key === key));
    const api = this.#served.find((one) => one.key === head.apiKey);
    if (api === undefined) return;
    const max = this.maxVersions.get(api.key) ?? api.versions.max;
    if (api === ApiVersions && head.apiVersion > max) {
      const apiKeys = [{ apiKey: ApiVersions.key, minVersion: 0, maxVersion: max }];
      this.#answer(peer, api, 0, head.correlationId, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys });
      return;
    }
    if (head.apiVersion > max) {
      peer.close();
      return;
    }
    const body = api.request.codec(head.apiVersion).decode(reader);
    this.received.push({ nodeId, api: api.name, version: head.apiVersion, body });
    const answer = (await this.#scripted(api, body, nodeId)) ?? (await this.#usual(api, nodeId, body));
    if (this.delayMs > 0 && api !== ApiVersions) {
      await new Promise<void>((resolve) => void this.clock.setTimer(this.delayMs, resolve));
    }
    if (answer === 'close') peer.close(new Error('read ECONNRESET'));
    else if (answer !== 'silence') this.#answer(peer, api, head.apiVersion, head.correlationId, answer);
  }

  #answer(peer: Peer, api: AnyApi, version: number, correlationId: number, body: object): void {
    if (!peer.isClosed) peer.send(joinFrame(encodeResponse(api, version, correlationId, body)));
  }

  async #scripted(api: AnyApi, body: object, nodeId: number): Promise<Scripted> {
    const index = this.#scripts.findIndex((script) => script.key === api.key);
    if (index < 0) return undefined;
    const [script] = this.#scripts.splice(index, 1);
    return script?.answer(body as never, nodeId);
  }

  async #usual(api: AnyApi, nodeId: number, body: object): Promise<object | 'silence' | 'close'> {
    const more = this.#more.get(api)?.(body as never, nodeId);
    if (more !== undefined) return more;
    switch (api) {
      case ApiVersions:
        return this.#apiVersions();
      case Metadata:
        return this.metadata(body as RequestOf<typeof Metadata>);
      case Produce:
        return this.produce(nodeId, body as RequestOf<typeof Produce>);
      case Fetch:
        return this.#fetch(nodeId, body as RequestOf<typeof Fetch>);
      case ListOffsets:
        return this.#listOffsets(nodeId, body as RequestOf<typeof ListOffsets>);
      case InitProducerId:
        return { errorCode: 0, producerId: this.#producerIds++, producerEpoch: 0 };
      case CreateTopics:
        return this.#createTopics(body as RequestOf<typeof CreateTopics>);
      case OffsetForLeaderEpoch:
        return this.#epochEnds(body as RequestOf<typeof OffsetForLeaderEpoch>);
      default:
        throw new Error(`${api.name} is not faked`);
    }
  }

  #apiVersions(): ResponseInput<typeof ApiVersions> {
    const apiKeys = this.#served.map((api) => ({
      apiKey: api.key,
      minVersion: api.versions.min,
      maxVersion: this.maxVersions.get(api.key) ?? api.versions.max,
    }));
    return { errorCode: 0, apiKeys };
  }

  /** What a Metadata request is answered as usual. */
  metadata(request: RequestOf<typeof Metadata>): ResponseInput<typeof Metadata> {
    const names = request.topics?.map((topic) => topic.name ?? '') ?? [...this.topics.keys()];
    return {
      brokers: [...this.brokers].map(([nodeId, { host, port }]) => ({ nodeId, host, port })),
      clusterId: 'fake',
      controllerId: 1,
      topics: names.map((name) => {
        const topic = this.topics.get(name);
        if (topic === undefined)
          return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, topicId: ZERO_UUID, partitions: [] };
        const partitions = topic.partitions.map(({ leaderId, leaderEpoch }, partitionIndex) => ({
          errorCode: leaderId < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : 0,
          partitionIndex,
          leaderId,
          leaderEpoch,
          replicaNodes: [...this.brokers.keys()],
          isrNodes: [...this.brokers.keys()],
        }));
        return { errorCode: 0, name, topicId: topic.topicId, partitions };
      }),
    };
  }

  /** Takes a Produce request as the broker would, for scripts that lose its answer. */
  produce(nodeId: number, request: RequestOf<typeof Produce>): ResponseInput<typeof Produce> | 'silence' {
    const responses = request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index, records }) => {
        const topic = this.#topicBy(name, topicId);
        const partition = topic?.partitions[index];
        if (topic === undefined || partition === undefined)
          return { index, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 };
        if (partition.leaderId !== nodeId)
          return { index, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1, ...this.#hint(partition) };
        const bytes = records ?? new Uint8Array(0);
        if (bytes.length > this.maxMessageBytes)
          return { index, errorCode: ErrorCode.MESSAGE_TOO_LARGE, baseOffset: -1 };
        if (!new RecordBatch(bytes).isCrcValid(this.core))
          return { index, errorCode: ErrorCode.CORRUPT_MESSAGE, baseOffset: -1 };
        return {
          index,
          ...this.producers.append(topic.name, index, bytes, () => this.append(topic.name, index, bytes)),
        };
      }),
    }));
    return request.acks === 0 ? 'silence' : { responses, ...this.#endpoints };
  }

  /** Who leads a partition, for those who asked elsewhere. */
  #hint({ leaderId, leaderEpoch }: FakePartition) {
    return this.givesHints ? { currentLeader: { leaderId, leaderEpoch } } : {};
  }

  get #endpoints() {
    const nodes = [...this.brokers].map(([nodeId, { host, port }]) => ({ nodeId, host, port, rack: null }));
    return this.givesHints ? { nodeEndpoints: nodes } : {};
  }

  /** Where the asked epochs end: at the first batch of a later one. */
  #epochEnds(request: RequestOf<typeof OffsetForLeaderEpoch>): ResponseInput<typeof OffsetForLeaderEpoch> {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, leaderEpoch }) => {
        const partition = this.partition(topic, index);
        const later = partition.batches
          .map((bytes) => new RecordBatch(bytes))
          .find((one) => one.leaderEpoch > leaderEpoch);
        return {
          errorCode: 0,
          partition: index,
          leaderEpoch,
          endOffset: later?.baseOffset ?? this.endOffset(partition),
        };
      }),
    }));
    return { throttleTimeMs: 0, topics };
  }

  async #fetch(nodeId: number, request: RequestOf<typeof Fetch>): Promise<ResponseInput<typeof Fetch>> {
    const deadlineMs = this.clock.monotonicMs() + request.maxWaitMs;
    for (;;) {
      const responses = this.#fetchNow(nodeId, request);
      const isWorth = responses.some(({ partitions }) =>
        partitions.some((one) => one.errorCode !== 0 || one.records.length > 0),
      );
      const leftMs = deadlineMs - this.clock.monotonicMs();
      if (isWorth || leftMs <= 0) return { responses, ...this.#endpoints };
      await new Promise<void>((resolve) => {
        const timer = this.clock.setTimer(leftMs, done);
        const waiting = this.#waiting;
        waiting.add(done);
        function done(): void {
          timer.cancel();
          waiting.delete(done);
          resolve();
        }
      });
    }
  }

  #fetchNow(nodeId: number, request: RequestOf<typeof Fetch>) {
    return request.topics.map(({ topic: name, topicId, partitions }) => ({
      topic: name,
      topicId,
      partitions: partitions.map(({ partition: partitionIndex, fetchOffset, partitionMaxBytes }) => {
        const partition = this.#topicBy(name, topicId)?.partitions[partitionIndex];
        const failed = (errorCode: number) => ({
          partitionIndex,
          errorCode,
          highWatermark: -1,
          records: new Uint8Array(0),
        });
        if (partition === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        if (partition.leaderId !== nodeId)
          return { ...failed(ErrorCode.NOT_LEADER_OR_FOLLOWER), ...this.#hint(partition) };
        const highWatermark = this.endOffset(partition);
        if (fetchOffset > highWatermark || fetchOffset < partition.logStartOffset)
          return failed(ErrorCode.OFFSET_OUT_OF_RANGE);
        const isCommitted = request.isolationLevel === 1;
        const limit = isCommitted ? (partition.lastStableOffset ?? highWatermark) : highWatermark;
        const chosen: Uint8Array[] = [];
        let bytes = 0;
        for (const batch of partition.batches) {
          const { baseOffset, lastOffset } = new RecordBatch(batch);
          if (lastOffset < fetchOffset || baseOffset >= limit) continue;
          if (chosen.length > 0 && bytes + batch.length > partitionMaxBytes) break;
          chosen.push(batch);
          bytes += batch.length;
        }
        return {
          partitionIndex,
          errorCode: 0,
          highWatermark,
          lastStableOffset: limit,
          logStartOffset: partition.logStartOffset,
          abortedTransactions: isCommitted ? partition.aborted : null,
          records: new Uint8Array(Buffer.concat(chosen)),
        };
      }),
    }));
  }

  #listOffsets(nodeId: number, request: RequestOf<typeof ListOffsets>): ResponseInput<typeof ListOffsets> {
    return {
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const partition = this.topics.get(name)?.partitions[partitionIndex];
          if (partition === undefined) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
          if (partition.leaderId !== nodeId) return { partitionIndex, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
          return { partitionIndex, errorCode: 0, ...this.#offsetAt(partition, timestamp, request.isolationLevel) };
        }),
      })),
    };
  }

  #offsetAt(
    partition: FakePartition,
    timestamp: number,
    isolationLevel: number,
  ): { offset: number; timestamp?: number } {
    if (timestamp === -2) return { offset: partition.logStartOffset };
    if (timestamp === -1)
      return { offset: (isolationLevel === 1 ? partition.lastStableOffset : undefined) ?? this.endOffset(partition) };
    for (const bytes of partition.batches) {
      const batch = new RecordBatch(bytes);
      for (const record of batch.records(batch.payload)) {
        if (record.timestamp >= timestamp) return { offset: record.offset, timestamp: record.timestamp };
      }
    }
    return { offset: -1 };
  }

  #createTopics(request: RequestOf<typeof CreateTopics>): ResponseInput<typeof CreateTopics> {
    return {
      topics: request.topics.map(({ name, numPartitions }) => {
        if (this.topics.has(name))
          return { name, topicId: ZERO_UUID, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: 'it is there' };
        const { topicId } = this.createTopic(name, Math.max(numPartitions, 1));
        return { name, topicId, errorCode: 0, errorMessage: null, numPartitions, replicationFactor: 1 };
      }),
    };
  }

  #topicBy(name: string, topicId: string): FakeTopic | undefined {
    if (topicId === ZERO_UUID) return this.topics.get(name);
    return [...this.topics.values()].find((topic) => topic.topicId === topicId);
  }
}
