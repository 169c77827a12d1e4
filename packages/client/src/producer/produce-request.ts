import { ErrorCode, type Produce, type RequestInput, type ResponseOf, ZERO_UUID } from '@ks/protocol';
import { errorFromCode, KafkaError } from '../kafka-error.ts';
import type { LeaderHint } from '../metadata/leader-hints.ts';
import type { PartitionQueue } from './accumulator.ts';
import type { BatchReceipt, PendingBatch } from './pending-batch.ts';

/** A batch on its way to a broker. */
export interface OutgoingBatch {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
  readonly bytes: Uint8Array;
}

/** What became of it. */
export interface BatchOutcome {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
  readonly receipt: BatchReceipt;
  readonly error: KafkaError | undefined;
}

type TopicIds = ReadonlyMap<string, string | undefined>;
type PartitionResponse = ResponseOf<typeof Produce>['responses'][number]['partitionResponses'][number];

const NO_RECEIPT: BatchReceipt = { baseOffset: -1, logAppendTimeMs: -1 };

/** One Produce request of the batches, grouped by topic. Each topic goes by name and by id; the version takes what it has. */
export function buildProduceRequest(
  outgoing: readonly OutgoingBatch[],
  topicIds: TopicIds,
  options: { readonly acks: number; readonly timeoutMs: number; readonly transactionalId: string | null },
): RequestInput<typeof Produce> {
  const topics = new Map<string, { index: number; records: Uint8Array }[]>();
  for (const { queue, bytes } of outgoing) {
    const partitions = topics.get(queue.topic) ?? [];
    partitions.push({ index: queue.partition, records: bytes });
    topics.set(queue.topic, partitions);
  }
  return {
    ...options,
    topicData: [...topics].map(([name, partitionData]) => ({
      name,
      topicId: topicIds.get(name) ?? ZERO_UUID,
      partitionData,
    })),
  };
}

/** Whom the broker names as leaders in its own place. */
export function leaderHints(response: ResponseOf<typeof Produce>, topicIds: TopicIds): LeaderHint[] {
  const names = new Map([...topicIds].map(([name, topicId]) => [topicId, name]));
  return response.responses.flatMap(({ name, topicId, partitionResponses }) =>
    partitionResponses.flatMap(({ index: partition, currentLeader }) =>
      currentLeader.leaderId < 0 ? [] : [{ topic: names.get(topicId) ?? name, partition, ...currentLeader }],
    ),
  );
}

/** What a Produce response says of each batch that was sent. */
export function outcomesOf(
  response: ResponseOf<typeof Produce>,
  outgoing: readonly OutgoingBatch[],
  topicIds: TopicIds,
  broker: string,
): BatchOutcome[] {
  const answers = new Map<string, PartitionResponse>();
  for (const { name, topicId, partitionResponses } of response.responses) {
    for (const answer of partitionResponses)
      answers.set(`${topicId === ZERO_UUID ? name : topicId} ${answer.index}`, answer);
  }
  return outgoing.map(({ queue, batch }) => {
    const { topic, partition } = queue;
    const answer = answers.get(`${topicIds.get(topic)} ${partition}`) ?? answers.get(`${topic} ${partition}`);
    const details = { topic, partition, broker };
    if (answer === undefined) {
      const message = `${topic}-${partition}: the broker left the partition out of its answer`;
      return {
        queue,
        batch,
        receipt: NO_RECEIPT,
        error: new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, message, details),
      };
    }
    if (answer.errorCode === ErrorCode.NONE) return { queue, batch, receipt: answer, error: undefined };
    const said = [answer.errorMessage, ...answer.recordErrors.map((record) => record.batchIndexErrorMessage)].filter(
      Boolean,
    );
    const error = errorFromCode(answer.errorCode, said.length === 0 ? undefined : said.join(' '), details);
    return { queue, batch, receipt: NO_RECEIPT, error };
  });
}
