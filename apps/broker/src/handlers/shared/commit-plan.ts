import { ErrorCode } from '@ks/protocol';
import type { CommitReply } from '../../core/group/replies.ts';
import type { CommitRequest } from '../../runtime/group-coordinator.ts';
import type { BrokerServices } from '../broker-services.ts';
import type { RequestContext } from '../handler.ts';

/** A topic of OffsetCommit or TxnOffsetCommit. */
interface CommittedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly committedMetadata: string | null;
  }[];
}

/** A topic of the answer. */
interface AnsweredTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

/** The topics of a commit: what can be committed of them, and how the answer is put together. */
export interface CommitPlan {
  /** Empty where nothing is left to be asked. */
  readonly topics: CommitRequest['topics'];
  /** `committed`: the coordinator's answers to `topics`. */
  answers(committed: CommitReply['topics']): AnsweredTopic[];
}

/** What is to be committed of a topic, or the error of all its partitions. */
type Checked =
  | { readonly errorCode: number }
  | { readonly asked: CommitRequest['topics'][number]; readonly absent: readonly number[] };

/** Looks topics up by name or id, and leaves out what is not there or may not be read. */
export function planCommit(
  topics: readonly CommittedTopic[],
  isById: boolean,
  broker: BrokerServices,
  context: RequestContext,
): CommitPlan {
  const checked = topics.map((topic) => checkTopic(topic, isById, broker, context));
  const isAsked = (each: Checked | undefined) =>
    each !== undefined && 'asked' in each && each.asked.partitions.length > 0;
  return {
    topics: checked.flatMap((each) => ('asked' in each && isAsked(each) ? [each.asked] : [])),
    answers: (committed) => {
      const answers = committed.values();
      return topics.map((topic, index) => {
        const each = checked[index];
        if (each === undefined || 'errorCode' in each) return sameError(topic, each?.errorCode ?? ErrorCode.NONE);
        const absent = each.absent.map((partitionIndex) => ({
          partitionIndex,
          errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        }));
        const told = isAsked(each) ? (answers.next().value?.partitions ?? []) : [];
        return { name: topic.name, topicId: topic.topicId, partitions: [...absent, ...told] };
      });
    },
  };
}

function checkTopic(topic: CommittedTopic, isById: boolean, broker: BrokerServices, context: RequestContext): Checked {
  const image = broker.metadata.image();
  const found = isById ? image.topicsById.get(topic.topicId) : image.topicsByName.get(topic.name);
  if (isById && found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  if (!context.authorize('READ', 'TOPIC', found?.name ?? topic.name)) {
    return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
  }
  if (found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const isThere = ({ partitionIndex: index }: { partitionIndex: number }) => found.partitions[index] !== undefined;
  const partitions = topic.partitions.filter(isThere).map((partition) => ({
    partitionIndex: partition.partitionIndex,
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
  }));
  const absent = topic.partitions.filter((partition) => !isThere(partition)).map((each) => each.partitionIndex);
  return { asked: { topic: found.name, topicId: found.topicId, partitions }, absent };
}

/** The same error for every partition of a topic. */
export function sameError({ name, topicId, partitions }: CommittedTopic, errorCode: number): AnsweredTopic {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}
