// Produce v3-v13 (0-2 are advertised only, see client-requirements).
// v3: record batches (KIP-98). v5: logStartOffset. v7: zstd (KIP-110). v8: recordErrors, errorMessage (KIP-467).
// v10: currentLeader, nodeEndpoints (KIP-951). v11, v12: transaction errors. v13: topic ids (KIP-516).
import {
  BATCH_HEADER_BYTES,
  ErrorCode,
  isTransactional,
  Produce,
  type RequestOf,
  type ResponseInput,
} from '@ks/protocol';
import type { AppendPartition, AppendRequest, AppendResult, ReplicaManager } from '../runtime/replica-manager.ts';
import type { BrokerServices } from './broker-services.ts';
import { CloseConnection, handler, type RequestContext } from './handler.ts';
import { nodeEndpointsOf, tellsLeader } from './shared/node-endpoints.ts';
import { resolveTopicName } from './shared/resolve-topic-id.ts';

type ProduceRequest = RequestOf<typeof Produce>;
type ProduceResponse = ResponseInput<typeof Produce>;

const TOPIC_IDS_SINCE = 13;
const CURRENT_LEADER_SINCE = 10;
/** Clients of older versions do not know KAFKA_STORAGE_ERROR. */
const STORAGE_ERROR_SINCE = 4;

/** What a partition of the request became: refused here, or the index of its result among the appended. */
type Slot = { readonly errorCode: number; readonly errorMessage: string | null } | { readonly appended: number };

interface Plan {
  /** In the request's order, topic by topic. */
  readonly slots: readonly Slot[];
  readonly partitions: readonly AppendPartition[];
}

export const produce = handler(Produce, { versions: [3, 13], borrowsBytes: true }, async (broker, request, context) => {
  const acks = knownAcks(request.acks);
  const plan = planAppend(broker.replicas, request, context, acks);
  const append = broker.replicas.append({
    acks: acks ?? 1,
    timeoutMs: request.timeoutMs,
    origin: 'client',
    apiVersion: context.apiVersion,
    partitions: plan.partitions,
    transaction: transactionOf(broker, request),
  });
  if (append.admitting !== undefined) await context.exclusive(append.admitting);
  if (acks === 0) return closeOnError(plan, append.admitted);
  return responseOf(broker.replicas, request, context, plan, await append.completion);
});

/** Whether the producer may write in the name of its transactional id; transactional records without one are nobody's. */
function mayTransact(request: ProduceRequest, context: RequestContext): boolean {
  if (request.transactionalId !== null) {
    return context.authorize('WRITE', 'TRANSACTIONAL_ID', request.transactionalId);
  }
  return !request.topicData.some(({ partitionData }) =>
    partitionData.some(
      ({ records }) => records !== null && records.length >= BATCH_HEADER_BYTES && isTransactional(records, 0),
    ),
  );
}

function transactionOf(broker: BrokerServices, { transactionalId }: ProduceRequest): AppendRequest['transaction'] {
  if (transactionalId === null) return undefined;
  return { transactionalId, verifier: broker.transactions.verifier };
}

function knownAcks(acks: number): -1 | 0 | 1 | undefined {
  return acks === -1 || acks === 0 || acks === 1 ? acks : undefined;
}

function planAppend(
  replicas: ReplicaManager,
  request: ProduceRequest,
  context: RequestContext,
  acks: number | undefined,
): Plan {
  const slots: Slot[] = [];
  const partitions: AppendPartition[] = [];
  const isAllowed = mayTransact(request, context);
  for (const topic of request.topicData) {
    const name = resolveTopicName(replicas, topic, context.apiVersion >= TOPIC_IDS_SINCE);
    const refusal = isAllowed
      ? refusalOf(name, context, acks)
      : { errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, errorMessage: null };
    for (const { index, records } of topic.partitionData) {
      if (name === undefined || refusal !== undefined) {
        slots.push(refusal ?? { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, errorMessage: null });
        continue;
      }
      slots.push({ appended: partitions.length });
      partitions.push({ topic: name, topicId: topic.topicId, partitionIndex: index, records });
    }
  }
  return { slots, partitions };
}

function refusalOf(
  name: string | undefined,
  context: RequestContext,
  acks: number | undefined,
): { errorCode: number; errorMessage: string | null } | undefined {
  if (acks === undefined) return { errorCode: ErrorCode.INVALID_REQUIRED_ACKS, errorMessage: null };
  if (name === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, errorMessage: null };
  if (!context.authorize('WRITE', 'TOPIC', name)) {
    return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, errorMessage: null };
  }
  return undefined;
}

/** acks=0 has no response; a client that does not listen is told of an error by the end of its connection. */
function closeOnError(plan: Plan, admitted: readonly AppendResult[]): undefined {
  const failed = plan.slots.find(
    (slot) => ('appended' in slot ? admitted[slot.appended]?.errorCode : slot.errorCode) !== 0,
  );
  if (failed === undefined) return undefined;
  const errorCode = 'appended' in failed ? admitted[failed.appended]?.errorCode : failed.errorCode;
  throw new CloseConnection(`Produce with acks=0 failed with error ${errorCode}`);
}

function responseOf(
  replicas: ReplicaManager,
  request: ProduceRequest,
  context: RequestContext,
  plan: Plan,
  results: readonly AppendResult[],
): ProduceResponse {
  const { apiVersion, listenerName } = context;
  const slots = plan.slots.values();
  const responses = request.topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) =>
      partitionResponse(index, slots.next().value, results, apiVersion),
    ),
  }));
  if (apiVersion < CURRENT_LEADER_SINCE) return { responses };
  return { responses, nodeEndpoints: nodeEndpointsOf(results, replicas.image, listenerName) };
}

type PartitionResponse = ProduceResponse['responses'][number]['partitionResponses'][number];

function partitionResponse(
  index: number,
  slot: Slot | undefined,
  results: readonly AppendResult[],
  apiVersion: number,
): PartitionResponse {
  if (slot === undefined) throw new Error('a partition of a Produce request was not planned');
  const result = 'appended' in slot ? results[slot.appended] : undefined;
  if (result === undefined) {
    const { errorCode, errorMessage } = slot as Exclude<Slot, { appended: number }>;
    return { index, errorCode, errorMessage, baseOffset: -1, recordErrors: [] };
  }
  const { errorCode, errorMessage, baseOffset, logAppendTimeMs, logStartOffset, currentLeader } = result;
  return {
    index,
    errorCode: knownError(errorCode, apiVersion),
    errorMessage,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors: result.recordErrors.map(({ batchIndex, message }) => ({
      batchIndex,
      batchIndexErrorMessage: message,
    })),
    ...(apiVersion >= CURRENT_LEADER_SINCE && currentLeader !== undefined && tellsLeader(errorCode)
      ? { currentLeader }
      : {}),
  };
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.KAFKA_STORAGE_ERROR && apiVersion < STORAGE_ERROR_SINCE;
  return isUnknown ? ErrorCode.NOT_LEADER_OR_FOLLOWER : errorCode;
}
