import { createCore } from '@ks/core-wasm';
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  CreateTopics,
  DeleteTopics,
  DescribeTransactions,
  EndTxn,
  encodePlainRecordBatch,
  ErrorCode,
  errorByCode,
  FindCoordinator,
  InitProducerId,
  Metadata,
  OffsetFetch,
  Produce,
  TxnOffsetCommit,
  WriteTxnMarkers,
  ZERO_UUID,
} from '@ks/protocol';
import type { Wire } from './wire.ts';

export const TOPIC = 'rules';

/** A producer as requests name it. */
export interface Producer {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
}

/** What a coordinator answers while it loads, or while markers are written: the same request is sent again. */
const PASSING: readonly number[] = [
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
];
const RETRY_MS = 20;
const RETRIES_MAX = 500;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const core = createCore({ kind: 'reference' });
const words = (errorCode: number): string => errorByCode(errorCode).name;

/** Sends requests about transactions and puts the answers into words; producer ids, which differ from run to run, are left out. */
export class Asker {
  readonly wire: Wire;

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** Creates topics and waits until they can be used; finds coordinators, which creates theirs. */
  async prepare(topics: readonly string[]): Promise<void> {
    const asked = topics.map((name) => ({
      ...{ name, numPartitions: 3, replicationFactor: 1 },
      ...{ assignments: [], configs: [] },
    }));
    await this.wire.ask(CreateTopics, 7, { topics: asked, timeoutMs: 10_000, validateOnly: false });
    for (const [keyType, key] of [
      [1, 'any'],
      [0, 'any'],
    ] as const) {
      const find = () => this.wire.ask(FindCoordinator, 4, { keyType, coordinatorKeys: [key] });
      await this.again(find, (answer) => answer.coordinators[0]?.errorCode ?? 0);
    }
  }

  async topicId(name: string): Promise<string> {
    const { topics } = await this.wire.ask(Metadata, 12, { topics: [{ name, topicId: ZERO_UUID }] });
    return topics[0]?.topicId ?? '';
  }

  async deleteTopic(name: string): Promise<void> {
    await this.wire.ask(DeleteTopics, 5, { topicNames: [name], timeoutMs: 10_000 });
  }

  /** Asks until the error is none of those that pass by themselves. */
  async again<T>(ask: () => Promise<T>, errorOf: (answer: T) => number, passing = PASSING): Promise<T> {
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      const answer = await ask();
      if (!passing.includes(errorOf(answer))) return answer;
      await sleep(RETRY_MS);
    }
    throw new Error('a passing error does not pass');
  }

  /** InitProducerId; `has` is what the producer says it has. Waits for markers unless it is asked to be told of them. */
  async init(
    id: string | null,
    options: { has?: Producer | undefined; version?: number; timeoutMs?: number; waits?: boolean } = {},
  ): Promise<{ readonly told: string; readonly producer: Producer }> {
    const { has, version = 5, timeoutMs = 60_000, waits = true } = options;
    const expected = version < 3 ? {} : { producerId: has?.producerId ?? -1, producerEpoch: has?.epoch ?? -1 };
    const body = { transactionalId: id, transactionTimeoutMs: timeoutMs, ...expected };
    const passing = waits ? [...PASSING, ErrorCode.CONCURRENT_TRANSACTIONS] : PASSING;
    const ask = () => this.wire.ask(InitProducerId, version, body);
    const { errorCode, producerId, producerEpoch } = await this.again(ask, (answer) => answer.errorCode, passing);
    const told = errorCode === ErrorCode.NONE ? `epoch ${producerEpoch}` : words(errorCode);
    return { told, producer: { id: id ?? '', producerId, epoch: producerEpoch } };
  }

  /** AddPartitionsToTxn, one partition of each topic (0 unless given). */
  async add(
    { id, producerId, epoch }: Producer,
    options: { version?: number; partitions?: readonly (readonly [string, number])[]; verifyOnly?: boolean } = {},
  ): Promise<string> {
    const { version = 3, partitions = [[TOPIC, 0]], verifyOnly = false } = options;
    const topics = partitions.map(([name, partition]) => ({ name, partitions: [partition] }));
    const owner = { transactionalId: id, producerId, producerEpoch: epoch };
    const body =
      version < 4
        ? {
            v3AndBelowTransactionalId: id,
            v3AndBelowProducerId: producerId,
            v3AndBelowProducerEpoch: epoch,
            v3AndBelowTopics: topics,
          }
        : { transactions: [{ ...owner, verifyOnly, topics }] };
    const ask = () => this.wire.ask(AddPartitionsToTxn, version, body);
    const answer = await this.again(ask, (each) => firstOf(each), [...PASSING, ErrorCode.CONCURRENT_TRANSACTIONS]);
    const results = version < 4 ? answer.resultsByTopicV3AndBelow : answer.resultsByTransaction[0]?.topicResults;
    // Brokers answer in an order of their own.
    const byPartition = (results ?? []).flatMap(({ name, resultsByPartition }) =>
      resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => [
        `${name}-${partitionIndex}`,
        words(partitionErrorCode),
      ]),
    );
    return [
      ...(answer.errorCode === 0 ? [] : [words(answer.errorCode)]),
      ...byPartition.sort().map(([, word]) => word),
    ].join('+');
  }

  /** EndTxn; waits for the markers of the transaction before it. */
  async end(
    producer: Producer,
    outcome: 'commit' | 'abort',
    version: number,
  ): Promise<{ told: string; producer: Producer }> {
    const { id, producerId, epoch } = producer;
    const body = { transactionalId: id, producerId, producerEpoch: epoch, committed: outcome === 'commit' };
    const ask = () => this.wire.ask(EndTxn, version, body);
    const passing = [...PASSING, ErrorCode.CONCURRENT_TRANSACTIONS];
    const answer = await this.again(ask, ({ errorCode }) => errorCode, passing);
    if (answer.errorCode !== ErrorCode.NONE) return { told: words(answer.errorCode), producer };
    if (version < 5) return { told: 'NONE', producer };
    const next = { id, producerId: answer.producerId, epoch: answer.producerEpoch };
    return { told: `epoch ${next.epoch}${next.producerId === producerId ? '' : ' of another id'}`, producer: next };
  }

  /** Produce of one record. */
  async produce(
    { id, producerId, epoch }: Producer,
    version: number,
    baseSequence: number,
    options: { partition?: number; isTransactional?: boolean; withoutId?: boolean } = {},
  ): Promise<string> {
    const { partition = 0, isTransactional = true, withoutId = !isTransactional } = options;
    const seal = { checksum: core, producerId, producerEpoch: epoch, baseSequence, isTransactional };
    const records = encodePlainRecordBatch([{ timestamp: Date.now(), value: new Uint8Array(1) }], seal);
    const topicData = [{ name: TOPIC, topicId: ZERO_UUID, partitionData: [{ index: partition, records }] }];
    const body = { transactionalId: withoutId ? null : id, acks: -1, timeoutMs: 10_000, topicData };
    const ask = () => this.wire.ask(Produce, version, body);
    const passing = [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NOT_ENOUGH_REPLICAS];
    const errorOf = (answer: Awaited<ReturnType<typeof ask>>) =>
      answer.responses[0]?.partitionResponses[0]?.errorCode ?? Number.NaN;
    return words(errorOf(await this.again(ask, errorOf, passing)));
  }

  async addOffsets({ id, producerId, epoch }: Producer, groupId: string, version = 3): Promise<string> {
    const body = { transactionalId: id, producerId, producerEpoch: epoch, groupId };
    const passing = [...PASSING, ErrorCode.CONCURRENT_TRANSACTIONS];
    const answer = await this.again(
      () => this.wire.ask(AddOffsetsToTxn, version, body),
      (each) => each.errorCode,
      passing,
    );
    return words(answer.errorCode);
  }

  /** TxnOffsetCommit of an offset, for partition 0 unless said otherwise; `as` is the member it is said to come from. */
  async commitOffset(
    { id, producerId, epoch }: Producer,
    groupId: string,
    offset: number,
    options: {
      version?: number;
      topic?: string;
      topicId?: string;
      partition?: number;
      as?: { memberId?: string; generation?: number; instance?: string };
    } = {},
  ): Promise<string> {
    const { version = 3, topic = TOPIC, topicId = ZERO_UUID, partition = 0, as = {} } = options;
    const member = {
      generationIdOrMemberEpoch: as.generation ?? -1,
      memberId: as.memberId ?? '',
      groupInstanceId: as.instance ?? null,
    };
    const partitions = [
      { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' },
    ];
    const topics = [{ name: version < 6 ? topic : '', topicId, partitions }];
    const body = {
      transactionalId: id,
      groupId,
      producerId,
      producerEpoch: epoch,
      topics,
      ...(version < 3 ? {} : member),
    };
    const ask = () => this.wire.ask(TxnOffsetCommit, version, body);
    const errorOf = (answer: Awaited<ReturnType<typeof ask>>) =>
      answer.topics[0]?.partitions[0]?.errorCode ?? Number.NaN;
    return words(errorOf(await this.again(ask, errorOf)));
  }

  /** The committed offset of partition 0: as any reader sees it, and as one that waits for open transactions. */
  async offset(groupId: string): Promise<string> {
    const ask = async (requireStable: boolean): Promise<string> => {
      const topics = [{ name: TOPIC, topicId: ZERO_UUID, partitionIndexes: [0] }];
      const { groups } = await this.wire.ask(OffsetFetch, 8, { groups: [{ groupId, topics }], requireStable });
      const partition = groups[0]?.topics[0]?.partitions[0];
      if (partition === undefined) return words(groups[0]?.errorCode ?? Number.NaN);
      return partition.errorCode === 0 ? String(partition.committedOffset) : words(partition.errorCode);
    };
    return `${await ask(false)}, stable ${await ask(true)}`;
  }

  /** The state once nothing is being marked. */
  async state(id: string): Promise<string> {
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      const { transactionStates } = await this.wire.ask(DescribeTransactions, 0, { transactionalIds: [id] });
      const state = transactionStates[0]?.transactionState ?? '';
      if (!state.startsWith('Prepare')) return state;
      await sleep(RETRY_MS);
    }
    throw new Error(`${id} is never completed`);
  }

  /** WriteTxnMarkers, as the admin tool does to abort a hanging transaction. */
  async mark(
    { producerId, epoch }: Producer,
    options: {
      coordinatorEpoch: number;
      version?: number;
      topic?: string;
      partition?: number;
      transactionVersion?: number;
    },
  ): Promise<string> {
    const { coordinatorEpoch, version = 1, topic = TOPIC, partition = 0, transactionVersion = 0 } = options;
    const marker = {
      ...{ producerId, producerEpoch: epoch, transactionResult: false, coordinatorEpoch },
      topics: [{ name: topic, partitionIndexes: [partition] }],
      ...(version < 2 ? {} : { transactionVersion }),
    };
    const { markers } = await this.wire.ask(WriteTxnMarkers, version, { markers: [marker] });
    return words(markers[0]?.topics[0]?.partitions[0]?.errorCode ?? Number.NaN);
  }
}

/** The first error of an answer to AddPartitionsToTxn. */
function firstOf(answer: {
  readonly resultsByTopicV3AndBelow: readonly {
    readonly resultsByPartition: readonly { readonly partitionErrorCode: number }[];
  }[];
  readonly resultsByTransaction: readonly {
    readonly topicResults: readonly {
      readonly resultsByPartition: readonly { readonly partitionErrorCode: number }[];
    }[];
  }[];
}): number {
  const results = answer.resultsByTransaction[0]?.topicResults ?? answer.resultsByTopicV3AndBelow;
  return results[0]?.resultsByPartition[0]?.partitionErrorCode ?? ErrorCode.NONE;
}
