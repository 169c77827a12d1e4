import {
  ErrorCode,
  type Fetch,
  ProtocolError,
  type RequestInput,
  type ResponseOf,
  recordBatchesOf,
  ZERO_UUID,
} from '@ks/protocol';
import { errorFromCode, KafkaError } from '../kafka-error.ts';
import type { PartitionView } from '../metadata/cluster-view.ts';
import type { LeaderHint } from '../metadata/leader-hints.ts';
import { type IsolationLevel, isolationLevelIds } from '../offsets/list-offsets.ts';
import { AbortedTransactions } from './aborted-transactions.ts';
import type { SessionRequest } from './fetch-session.ts';
import type { BufferedBatch, PartitionState } from './partition-state.ts';

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly isolationLevel: IsolationLevel;
  readonly rack: string;
}

/** A partition that is asked for, as it was when it was asked for. */
export interface FetchedPartition {
  readonly state: PartitionState;
  readonly generation: number;
  readonly fetchOffset: number;
  readonly topicId: string | undefined;
  readonly view: PartitionView;
}

/** What a broker answered for one partition. */
export type FetchOutcome =
  | { readonly asked: FetchedPartition; readonly error: KafkaError }
  | {
      readonly asked: FetchedPartition;
      readonly error: undefined;
      readonly batches: readonly BufferedBatch[];
      readonly receivedBytes: number;
      readonly highWatermark: number;
      readonly lastStableOffset: number;
      readonly logStartOffset: number;
      /** The broker to go on at; -1: this one. */
      readonly preferredReadReplica: number;
    };

type PartitionResponse = ResponseOf<typeof Fetch>['responses'][number]['partitions'][number];

/** A Fetch request. Topics go by name and by id; the version takes what it has. */
export function buildFetchRequest(
  { sessionId, sessionEpoch, named, forgotten }: SessionRequest,
  limits: FetchLimits,
): RequestInput<typeof Fetch> {
  return {
    maxWaitMs: limits.maxWaitMs,
    minBytes: limits.minBytes,
    maxBytes: limits.maxBytes,
    isolationLevel: isolationLevelIds[limits.isolationLevel],
    rackId: limits.rack,
    sessionId,
    sessionEpoch,
    topics: byTopic(named).map(({ topic, topicId, members }) => ({
      topic,
      topicId,
      partitions: members.map(({ state, fetchOffset, view }) => ({
        partition: state.partition,
        currentLeaderEpoch: view.leaderEpoch,
        fetchOffset,
        partitionMaxBytes: limits.partitionMaxBytes,
      })),
    })),
    forgottenTopicsData: byTopic(forgotten).map(({ topic, topicId, members }) => ({
      topic,
      topicId,
      partitions: members.map(({ state }) => state.partition),
    })),
  };
}

function byTopic(asked: readonly FetchedPartition[]) {
  const topics = new Map<string, { topic: string; topicId: string; members: FetchedPartition[] }>();
  for (const one of asked) {
    const { topic } = one.state;
    const topicId = one.topicId ?? ZERO_UUID;
    const key = `${topicId} ${topic}`;
    const known = topics.get(key);
    if (known === undefined) topics.set(key, { topic, topicId, members: [one] });
    else known.members.push(one);
  }
  return [...topics.values()];
}

/** What a Fetch response says of each partition that was asked for. One that it leaves out has nothing new. */
export function fetchOutcomes(
  response: ResponseOf<typeof Fetch>,
  asked: readonly FetchedPartition[],
  isolationLevel: IsolationLevel,
  broker: string,
): FetchOutcome[] {
  const answers = new Map<string, PartitionResponse>();
  for (const { topic, topicId, partitions } of response.responses) {
    for (const answer of partitions)
      answers.set(`${topicId === ZERO_UUID ? topic : topicId} ${answer.partitionIndex}`, answer);
  }
  return asked.flatMap((one) => {
    const { topic, partition } = one.state;
    const answer = answers.get(`${one.topicId} ${partition}`) ?? answers.get(`${topic} ${partition}`);
    return answer === undefined ? [] : [outcomeOf(one, answer, isolationLevel, broker)];
  });
}

/** Whom the broker names as leaders in its own place. */
export function leaderHints(response: ResponseOf<typeof Fetch>, asked: readonly FetchedPartition[]): LeaderHint[] {
  const names = new Map(asked.map(({ topicId, state }) => [topicId, state.topic]));
  return response.responses.flatMap(({ topic, topicId, partitions }) =>
    partitions.flatMap(({ partitionIndex: partition, currentLeader }) =>
      currentLeader.leaderId < 0 ? [] : [{ topic: names.get(topicId) ?? topic, partition, ...currentLeader }],
    ),
  );
}

function outcomeOf(
  asked: FetchedPartition,
  answer: PartitionResponse,
  isolationLevel: IsolationLevel,
  broker: string,
): FetchOutcome {
  const { topic, partition } = asked.state;
  const details = { topic, partition, offset: asked.fetchOffset, broker };
  if (answer.errorCode !== ErrorCode.NONE) return { asked, error: errorFromCode(answer.errorCode, undefined, details) };
  const { highWatermark, lastStableOffset, logStartOffset, preferredReadReplica } = answer;
  const records = answer.records ?? new Uint8Array(0);
  const aborted = isolationLevel === 'read_committed' ? (answer.abortedTransactions ?? []) : [];
  try {
    const transactions = new AbortedTransactions(aborted);
    const batches = [...recordBatchesOf(records)].map((batch) => ({
      batch,
      isHidden: transactions.isAborted(batch) || batch.isControl,
    }));
    const receivedBytes = records.length;
    const bounds = { highWatermark, lastStableOffset, logStartOffset, preferredReadReplica };
    return { asked, error: undefined, batches, receivedBytes, ...bounds };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `${topic}-${partition} at offset ${asked.fetchOffset}: ${error.message}`;
    return {
      asked,
      error: new KafkaError(ErrorCode.CORRUPT_MESSAGE, message, { ...details, retriable: false, cause: error }),
    };
  }
}
