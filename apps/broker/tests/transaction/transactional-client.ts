import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  type Api,
  CreateTopics,
  DescribeTransactions,
  EndTxn,
  encodePlainRecordBatch,
  ErrorCode,
  Fetch,
  FindCoordinator,
  InitProducerId,
  ListOffsets,
  OffsetFetch,
  Produce,
  type RecordBatch,
  recordBatchesOf,
  TxnOffsetCommit,
  ZERO_UUID,
} from '@ks/protocol';
import { createCore } from '@ks/core-wasm';
import type { SimClient } from '../../src/sim/sim-client.ts';
import type { MortalBroker } from './mortal-broker.ts';

const core = createCore({ kind: 'reference' });
const GROUP = 'readers';
const ID = 'mover';
export const PARTITIONS = [0, 1] as const;

/** What passes by itself: the same request again. */
const RETRIABLE: readonly number[] = [
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
];

/** A producer as real ones are: it asks again until it is told, over as many connections as that takes. */
export class TransactionalClient {
  readonly #broker: MortalBroker;
  readonly #client: SimClient;
  readonly #isV2: boolean;
  #producerId = -1;
  #producerEpoch = -1;
  readonly #sequences = new Map<number, number>();

  constructor(broker: MortalBroker, version: 1 | 2) {
    this.#broker = broker;
    this.#client = broker.client('producer');
    this.#isV2 = version === 2;
  }

  /** Creates the topic and finds the coordinators, which creates theirs. */
  async prepare(): Promise<void> {
    const topics = [
      { name: 'a', numPartitions: PARTITIONS.length, replicationFactor: 1, assignments: [], configs: [] },
    ];
    await this.#until(CreateTopics, 7, { topics, timeoutMs: 1000, validateOnly: false }, () => [0]);
    for (const [keyType, key] of [
      [1, ID],
      [0, GROUP],
    ] as const) {
      await this.#until(FindCoordinator, 4, { keyType, coordinatorKeys: [key] }, (answer) =>
        answer.coordinators.map(({ errorCode }) => errorCode),
      );
    }
  }

  async init(): Promise<void> {
    const body = { transactionalId: ID, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    const answer = await this.#until(InitProducerId, 5, body, ({ errorCode }) => [errorCode]);
    this.#producerId = answer.producerId;
    this.#producerEpoch = answer.producerEpoch;
    this.#sequences.clear();
  }

  /** One transaction with a record for each partition and an offset of the group. */
  async transact(value: string, offset: number, committed: boolean): Promise<void> {
    if (!this.#isV2) await this.#addPartitions();
    for (const partition of PARTITIONS) await this.#produce(partition, value);
    await this.#commitOffset(offset);
    const body = { ...this.#owner, transactionalId: ID, committed };
    const answer = await this.#until(EndTxn, this.#isV2 ? 5 : 4, body, ({ errorCode }) => [errorCode]);
    if (!this.#isV2) return;
    if (answer.producerId !== this.#producerId || answer.producerEpoch !== this.#producerEpoch) this.#sequences.clear();
    this.#producerId = answer.producerId;
    this.#producerEpoch = answer.producerEpoch;
  }

  get #owner(): { readonly producerId: number; readonly producerEpoch: number } {
    return { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
  }

  async #addPartitions(): Promise<void> {
    const body = {
      v3AndBelowTransactionalId: ID,
      v3AndBelowProducerId: this.#producerId,
      v3AndBelowProducerEpoch: this.#producerEpoch,
      v3AndBelowTopics: [{ name: 'a', partitions: [...PARTITIONS] }],
    };
    await this.#until(AddPartitionsToTxn, 3, body, ({ resultsByTopicV3AndBelow }) =>
      resultsByTopicV3AndBelow.flatMap((topic) => topic.resultsByPartition.map((each) => each.partitionErrorCode)),
    );
    const offsets = { ...this.#owner, transactionalId: ID, groupId: GROUP };
    await this.#until(AddOffsetsToTxn, 3, offsets, ({ errorCode }) => [errorCode]);
  }

  async #produce(partition: number, value: string): Promise<void> {
    const baseSequence = this.#sequences.get(partition) ?? 0;
    this.#sequences.set(partition, baseSequence + 1);
    const record = { timestamp: this.#broker.clock.wallMs(), value: new TextEncoder().encode(value) };
    const seal = { checksum: core, ...this.#owner, baseSequence, isTransactional: true };
    const partitionData = [{ index: partition, records: encodePlainRecordBatch([record], seal) }];
    const topicData = [{ name: 'a', topicId: ZERO_UUID, partitionData }];
    const body = { transactionalId: ID, acks: -1, timeoutMs: 1000, topicData };
    await this.#until(Produce, this.#isV2 ? 12 : 11, body, ({ responses }) =>
      responses.flatMap((topic) => topic.partitionResponses.map(({ errorCode }) => errorCode)),
    );
  }

  async #commitOffset(offset: number): Promise<void> {
    const partitions = [
      { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' },
    ];
    const topics = [{ name: 'a', topicId: ZERO_UUID, partitions }];
    const body = { ...this.#owner, transactionalId: ID, groupId: GROUP, topics };
    await this.#until(TxnOffsetCommit, this.#isV2 ? 5 : 3, body, (answer) =>
      answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)),
    );
  }

  /** The committed offset once nothing is open on it; -1 where there is none. */
  async committedOffset(): Promise<number> {
    const groups = [{ groupId: GROUP, topics: [{ name: 'a', topicId: ZERO_UUID, partitionIndexes: [0] }] }];
    const answer = await this.#until(OffsetFetch, 8, { groups, requireStable: true }, (told) =>
      told.groups.flatMap((group) => [
        group.errorCode,
        ...group.topics.flatMap((topic) => topic.partitions.map((each) => each.errorCode)),
      ]),
    );
    return answer.groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? Number.NaN;
  }

  async state(): Promise<string> {
    const answer = await this.#until(DescribeTransactions, 0, { transactionalIds: [ID] }, ({ transactionStates }) =>
      transactionStates.map(({ errorCode }) => errorCode),
    );
    return answer.transactionStates[0]?.transactionState ?? '';
  }

  /** Where readers of committed records stop, and where all do. */
  async ends(partition: number): Promise<{ readonly stable: number; readonly all: number }> {
    const ask = async (isolationLevel: number): Promise<number> => {
      const topics = [
        { name: 'a', partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: -1 }] },
      ];
      const answer = await this.#until(ListOffsets, 7, { replicaId: -1, isolationLevel, topics }, (told) =>
        told.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)),
      );
      return answer.topics[0]?.partitions[0]?.offset ?? Number.NaN;
    };
    return { stable: await ask(1), all: await ask(0) };
  }

  /** Every batch of the partition. */
  async batches(partition: number): Promise<readonly RecordBatch[]> {
    const { all } = await this.ends(partition);
    const batches: RecordBatch[] = [];
    for (let offset = 0; offset < all; ) {
      const asked = { partition, fetchOffset: offset, partitionMaxBytes: 1_000_000, currentLeaderEpoch: -1 };
      const topics = [{ topic: 'a', topicId: ZERO_UUID, partitions: [{ ...asked, logStartOffset: -1 }] }];
      const body = { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, topics };
      const answer = await this.#until(Fetch, 11, body, (told) =>
        told.responses.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)),
      );
      const { records } = answer.responses[0]?.partitions[0] ?? { records: null };
      for (const batch of recordBatchesOf(records ?? new Uint8Array(0))) {
        if (batch.baseOffset < offset) continue;
        batches.push(batch);
        offset = batch.nextOffset;
      }
    }
    return batches;
  }

  /** Sends the request until it is answered without an error; throws at one that does not pass. */
  async #until<In, Out, ResIn, ResOut>(
    api: Api<In, Out, ResIn, ResOut>,
    version: number,
    body: In,
    errorsOf: (answer: ResOut) => readonly number[],
  ): Promise<ResOut> {
    for (;;) {
      if (!this.#client.isConnected && !(await this.#client.connect())) {
        await this.#broker.sleep(5);
        continue;
      }
      const answer = await this.#client.request(api, version, body);
      if (answer === undefined) continue;
      const errors = errorsOf(answer).filter((errorCode) => errorCode !== ErrorCode.NONE);
      if (errors.length === 0) return answer;
      const [fatal] = errors.filter((errorCode) => !RETRIABLE.includes(errorCode));
      if (fatal !== undefined) throw new Error(`${api.name} v${version} was answered with error ${fatal}`);
      await this.#broker.sleep(10);
    }
  }
}
