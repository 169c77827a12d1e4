import {
  AddPartitionsToTxn,
  EndTxn,
  ErrorCode,
  FindCoordinator,
  Heartbeat,
  InitProducerId,
  JoinGroup,
  LeaveGroup,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '@ks/protocol';
import type { FakeKafka } from './fake-kafka.ts';

/** The coordinator of every group and transaction of a fake cluster: one member a group, one producer a transactional id. */
export class FakeCoordinator {
  /** Where it is: other brokers say that they are not it. */
  nodeId = 1;
  /** What every request is refused with; 0: none is. */
  refusal = 0;
  /** So many heartbeats are answered with the call to join anew. */
  rebalances = 0;
  generation = 0;
  memberId = '';
  readonly committed = new Map<string, number>();
  producerEpoch = -1;
  /** How transactions ended: true where they were committed. */
  readonly ends: boolean[] = [];
  #assignment: Uint8Array = new Uint8Array(0);
  #members = 0;

  constructor(kafka: FakeKafka) {
    this.#serveGroups(kafka);
    this.#serveTransactions(kafka);
  }

  /** As when a session is over: who was a member is none any more. */
  forgetMember(): void {
    this.memberId = '';
  }

  /** As when another producer comes with the transactional id. */
  fence(): void {
    this.producerEpoch += 1;
  }

  #errorAt(nodeId: number): number {
    return nodeId === this.nodeId ? this.refusal : ErrorCode.NOT_COORDINATOR;
  }

  #serveGroups(kafka: FakeKafka): void {
    kafka.serve(FindCoordinator, ({ coordinatorKeys }) => {
      const { host, port } = kafka.addressOf(this.nodeId);
      const found = { nodeId: this.nodeId, host, port, errorCode: this.refusal, errorMessage: null };
      return { coordinators: coordinatorKeys.map((key) => ({ key, ...found })) };
    });
    kafka.serve(JoinGroup, ({ memberId, protocols }, nodeId) => {
      const errorCode = this.#errorAt(nodeId);
      const [protocol] = protocols;
      const nobody = { protocolName: '', leader: '', memberId: '', members: [] };
      if (errorCode !== 0 || protocol === undefined) return { errorCode, ...nobody };
      if (memberId !== '' && memberId !== this.memberId) return { errorCode: ErrorCode.UNKNOWN_MEMBER_ID, ...nobody };
      if (memberId === '') {
        this.#members += 1;
        this.memberId = `member-${this.#members}`;
      }
      this.generation += 1;
      const me = this.memberId;
      return {
        errorCode,
        generationId: this.generation,
        protocolName: protocol.name,
        leader: me,
        memberId: me,
        members: [{ memberId: me, metadata: protocol.metadata }],
      };
    });
    kafka.serve(SyncGroup, ({ assignments, memberId, generationId }, nodeId) => {
      const errorCode = this.#memberError(nodeId, memberId, generationId);
      if (errorCode === 0) this.#assignment = assignments[0]?.assignment ?? this.#assignment;
      return { errorCode, assignment: this.#assignment };
    });
    kafka.serve(Heartbeat, ({ memberId, generationId }, nodeId) => {
      const errorCode = this.#memberError(nodeId, memberId, generationId);
      if (errorCode !== 0 || this.rebalances === 0) return { errorCode };
      this.rebalances -= 1;
      return { errorCode: ErrorCode.REBALANCE_IN_PROGRESS };
    });
    kafka.serve(LeaveGroup, ({ members }, nodeId) => ({
      errorCode: this.#errorAt(nodeId),
      members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode: 0 })),
    }));
    kafka.serve(OffsetFetch, ({ groups }, nodeId) => ({
      groups: groups.map((group) => ({
        groupId: group.groupId,
        errorCode: this.#errorAt(nodeId),
        topics: (group.topics ?? []).map((asked) => ({
          name: asked.name,
          topicId: asked.topicId,
          partitions: asked.partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: this.committed.get(`${nameOf(kafka, asked).name} ${partitionIndex}`) ?? -1,
            metadata: '',
            errorCode: 0,
          })),
        })),
      })),
    }));
    kafka.serve(OffsetCommit, ({ topics, memberId, generationIdOrMemberEpoch }, nodeId) => {
      const errorCode = this.#memberError(nodeId, memberId, generationIdOrMemberEpoch);
      return {
        topics: topics.map((topic) => ({
          name: topic.name,
          topicId: topic.topicId,
          partitions: topic.partitions.map(({ partitionIndex, committedOffset }) => {
            if (errorCode === 0) this.committed.set(`${nameOf(kafka, topic).name} ${partitionIndex}`, committedOffset);
            return { partitionIndex, errorCode };
          }),
        })),
      };
    });
  }

  #memberError(nodeId: number, memberId: string, generationId: number): number {
    const errorCode = this.#errorAt(nodeId);
    if (errorCode !== 0) return errorCode;
    if (memberId !== this.memberId) return ErrorCode.UNKNOWN_MEMBER_ID;
    return generationId === this.generation ? 0 : ErrorCode.ILLEGAL_GENERATION;
  }

  #serveTransactions(kafka: FakeKafka): void {
    kafka.serve(InitProducerId, ({ transactionalId, producerEpoch }, nodeId) => {
      if (transactionalId === null) return { throttleTimeMs: 0, errorCode: 0, producerId: 77, producerEpoch: 0 };
      const isFenced = producerEpoch >= 0 && producerEpoch !== this.producerEpoch;
      const errorCode = this.#errorAt(nodeId) || (isFenced ? ErrorCode.PRODUCER_FENCED : 0);
      if (errorCode !== 0) return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
      this.producerEpoch += 1;
      return { throttleTimeMs: 0, errorCode, producerId: 99, producerEpoch: this.producerEpoch };
    });
    kafka.serve(AddPartitionsToTxn, ({ v3AndBelowProducerEpoch, v3AndBelowTopics }, nodeId) => {
      const partitionErrorCode = this.#producerError(nodeId, v3AndBelowProducerEpoch);
      const results = v3AndBelowTopics.map(({ name, partitions }) => ({
        name,
        resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode })),
      }));
      return { throttleTimeMs: 0, resultsByTransaction: [], resultsByTopicV3AndBelow: results };
    });
    kafka.serve(EndTxn, ({ producerEpoch, committed }, nodeId) => {
      const errorCode = this.#producerError(nodeId, producerEpoch);
      if (errorCode === 0) this.ends.push(committed);
      return { throttleTimeMs: 0, errorCode };
    });
  }

  #producerError(nodeId: number, producerEpoch: number): number {
    return this.#errorAt(nodeId) || (producerEpoch === this.producerEpoch ? 0 : ErrorCode.PRODUCER_FENCED);
  }
}

/** Topics go by name or by id. */
function nameOf<T extends { readonly name: string; readonly topicId: string }>(kafka: FakeKafka, asked: T): T {
  const byId = [...kafka.topics.values()].find(({ topicId }) => topicId === asked.topicId);
  return { ...asked, name: byId?.name ?? asked.name };
}
