// AlterPartitionReassignments v0-v1 (KIP-455). v1: allowReplicationFactorChange (KIP-860).
import { AlterPartitionReassignments, ErrorCode } from '@ks/protocol';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';

export const alterPartitionReassignments = handler(
  AlterPartitionReassignments,
  { byController: true },
  async (broker, request, context) => {
    const { allowReplicationFactorChange, timeoutMs } = request;
    const answer = { throttleTimeMs: 0, allowReplicationFactorChange };
    if (!context.authorize('ALTER', 'CLUSTER', CLUSTER_NAME)) {
      const errorCode = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
      return { ...answer, errorCode, errorMessage: 'not allowed to move partitions', responses: [] };
    }
    const asked = request.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas }) => ({ topic: name, partitionIndex, replicas })),
    );
    const options = { timeoutMs, mayChangeFactor: allowReplicationFactorChange };
    const results = (await broker.cluster.reassign(asked, options)).values();
    const responses = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const { errorCode = ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage = null } = results.next().value ?? {};
        return { partitionIndex, errorCode, errorMessage };
      }),
    }));
    return { ...answer, errorCode: ErrorCode.NONE, errorMessage: null, responses };
  },
);
