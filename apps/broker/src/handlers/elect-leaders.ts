// ElectLeaders v0-v2 (KIP-183). v1: electionType, errorCode (KIP-460). v2: flexible.
import { ElectLeaders, ErrorCode } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { AdminResult, TopicPartition } from '../runtime/cluster-admin.ts';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { groupByTopic } from './shared/group-by-topic.ts';

/** By the protocol's numbers. */
const electionTypes = ['preferred', 'unclean'] as const;

export const electLeaders = handler(ElectLeaders, { byController: true }, async (broker, request, context) => {
  const asked = request.topicPartitions?.flatMap(({ topic, partitions }) =>
    [...new Set(partitions)].map((partitionIndex) => ({ topic, partitionIndex })),
  );
  const partitions = asked ?? everyPartition(broker.metadata.image());
  const type = electionTypes[request.electionType];
  const refused = (errorCode: number, errorMessage: string) => ({
    throttleTimeMs: 0,
    errorCode,
    replicaElectionResults: results(asked ?? [], () => ({ errorCode, errorMessage })),
  });
  if (!context.authorize('ALTER', 'CLUSTER', CLUSTER_NAME)) {
    return refused(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'not allowed to elect leaders');
  }
  if (type === undefined) {
    return refused(ErrorCode.INVALID_REQUEST, 'the election types are 0 preferred and 1 unclean');
  }
  const { timeoutMs } = request;
  const answers = await broker.cluster.electLeaders(partitions, type, { timeoutMs });
  // Who asks for all partitions is told of those alone that needed an election.
  const told = partitions.flatMap((partition, index) => {
    const answer = answers[index];
    const isLeftOut = asked === undefined && answer?.errorCode === ErrorCode.ELECTION_NOT_NEEDED;
    return answer === undefined || isLeftOut ? [] : [{ ...partition, answer }];
  });
  const replicaElectionResults = results(told, ({ answer }) => answer);
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults };
});

function results<P extends TopicPartition>(partitions: readonly P[], answerOf: (partition: P) => AdminResult) {
  return groupByTopic(partitions).map(([topic, members]) => ({
    topic,
    partitionResult: members.map((each) => ({ partitionId: each.partitionIndex, ...pick(answerOf(each)) })),
  }));
}

function pick({ errorCode, errorMessage }: AdminResult): AdminResult {
  return { errorCode, errorMessage };
}

function everyPartition(image: ClusterImage): readonly TopicPartition[] {
  return [...image.topicsByName.values()].flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topic: name, partitionIndex })),
  );
}
