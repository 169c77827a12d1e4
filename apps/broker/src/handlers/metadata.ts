// Metadata v0-v13. v0: an empty list asks for all topics; v1: null does. v2: clusterId. v4: allowAutoTopicCreation. v5: offlineReplicas.
// v7: leaderEpoch. v8: authorized operations (KIP-430), the cluster's until v10. v10: topic ids (KIP-516). v12: topics by id. v13: errorCode.
import { ErrorCode, Metadata, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import { internalTopics, topicNameFault } from '../core/controller/topic-names.ts';
import type { ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import type { CreatedTopic } from '../runtime/topic-admin.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import {
  CLUSTER_NAME,
  clusterAuthorizedOperations,
  OPERATIONS_NOT_ASKED,
  topicAuthorizedOperations,
} from './shared/authorized-operations.ts';
import { reachableBrokers } from './shared/listener-endpoints.ts';

type MetadataRequest = RequestOf<typeof Metadata>;
type MetadataResponse = ResponseInput<typeof Metadata>;
type TopicAnswer = MetadataResponse['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

const BY_ID_SINCE = 12;
/** From here on a missing listener of the leader has an error of its own. */
const LISTENER_NOT_FOUND_SINCE = 6;

export const metadata = handler(Metadata, {}, (broker, request, context) => {
  const { topics } = request;
  const isAll = topics === null || (context.apiVersion === 0 && topics.length === 0);
  if (!isAll && context.apiVersion < BY_ID_SINCE && topics.some(isById)) {
    return respond(
      broker,
      request,
      context,
      topics.map((topic) => refused(topic, ErrorCode.INVALID_REQUEST)),
    );
  }
  if (isAll) return respond(broker, request, context, allTopics(broker.metadata.image(), request, context));
  const missing = request.allowAutoTopicCreation ? creatable(broker, request, context) : [];
  return missing.length === 0 ? answer(broker, request, context) : createAndAnswer(broker, request, context, missing);
});

const isById = (topic: { readonly name: string | null; readonly topicId: string }) =>
  topic.name === null || topic.topicId !== ZERO_UUID;

/** Topics that are asked for, missing, and may be created. */
function creatable(broker: BrokerServices, request: MetadataRequest, context: RequestContext): readonly string[] {
  if (!broker.config.values['auto.create.topics.enable']) return [];
  const { topicsByName } = broker.metadata.image();
  const missing = new Set<string>();
  for (const { name, topicId } of request.topics ?? []) {
    if (name === null || topicId !== ZERO_UUID || topicsByName.has(name) || topicNameFault(name) !== undefined)
      continue;
    if (context.authorize('DESCRIBE', 'TOPIC', name) && mayCreate(context, name)) missing.add(name);
  }
  return [...missing];
}

function mayCreate(context: RequestContext, name: string): boolean {
  return context.authorize('CREATE', 'CLUSTER', CLUSTER_NAME) || context.authorize('CREATE', 'TOPIC', name);
}

/** A created topic is in force when its creation is answered, so that the client need not ask again. */
async function createAndAnswer(
  broker: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
  missing: readonly string[],
): Promise<MetadataResponse> {
  const created = await Promise.all(missing.map((name) => broker.controller.autoCreateTopic(name)));
  return answer(broker, request, context, new Map(created.map((topic) => [topic.name, topic])));
}

function answer(
  broker: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
  created: ReadonlyMap<string, CreatedTopic> = new Map(),
): MetadataResponse {
  const image = broker.metadata.image();
  const asked = new Map((request.topics ?? []).map((topic) => [isById(topic) ? topic.topicId : topic.name, topic]));
  const topics = [...asked.values()].map((topic): TopicAnswer => {
    if (topic.topicId !== ZERO_UUID) return byId(image, topic.topicId, request, context);
    if (topic.name === null) return refused(topic, ErrorCode.UNKNOWN_TOPIC_ID);
    return byName(image, topic.name, request, context, created.get(topic.name));
  });
  return respond(broker, request, context, topics);
}

function allTopics(image: ClusterImage, request: MetadataRequest, context: RequestContext): readonly TopicAnswer[] {
  const allowed = [...image.topicsByName.values()].filter((topic) =>
    context.authorize('DESCRIBE', 'TOPIC', topic.name),
  );
  return allowed.map((topic) => shown(image, topic, request, context));
}

/** Who may not describe a topic learns nothing of its id. */
function byId(image: ClusterImage, topicId: string, request: MetadataRequest, context: RequestContext): TopicAnswer {
  const topic = image.topicsById.get(topicId);
  if (topic === undefined || !context.authorize('DESCRIBE', 'TOPIC', topic.name)) {
    return refused({ name: null, topicId }, ErrorCode.UNKNOWN_TOPIC_ID);
  }
  return shown(image, topic, request, context);
}

function byName(
  image: ClusterImage,
  name: string,
  request: MetadataRequest,
  context: RequestContext,
  created: CreatedTopic | undefined,
): TopicAnswer {
  const unnamed = { name, topicId: ZERO_UUID };
  if (!context.authorize('DESCRIBE', 'TOPIC', name)) return refused(unnamed, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  const topic = image.topicsByName.get(name);
  if (topic !== undefined) return shown(image, topic, request, context);
  if (topicNameFault(name) !== undefined) return refused(unnamed, ErrorCode.INVALID_TOPIC_EXCEPTION);
  return refused(unnamed, missingError(name, request, context, created));
}

/** Clients ask again after LEADER_NOT_AVAILABLE. */
function missingError(
  name: string,
  request: MetadataRequest,
  context: RequestContext,
  created: CreatedTopic | undefined,
): number {
  if (created === undefined) {
    const isDenied = request.allowAutoTopicCreation && !mayCreate(context, name);
    return isDenied ? ErrorCode.TOPIC_AUTHORIZATION_FAILED : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }
  const isSlow = created.errorCode === ErrorCode.NONE || created.errorCode === ErrorCode.REQUEST_TIMED_OUT;
  return isSlow || created.errorCode === ErrorCode.NOT_CONTROLLER ? ErrorCode.LEADER_NOT_AVAILABLE : created.errorCode;
}

function refused(topic: { readonly name: string | null; readonly topicId: string }, errorCode: number): TopicAnswer {
  const isInternal = topic.name !== null && internalTopics.has(topic.name);
  return { errorCode, name: topic.name ?? null, topicId: topic.topicId, isInternal, partitions: [] };
}

function shown(image: ClusterImage, topic: TopicImage, request: MetadataRequest, context: RequestContext): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: internalTopics.has(topic.name),
    partitions: topic.partitions.map((partition) => shownPartition(image, partition, context)),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations
      ? topicAuthorizedOperations(context, topic.name)
      : OPERATIONS_NOT_ASKED,
  };
}

function shownPartition(image: ClusterImage, partition: PartitionImage, context: RequestContext): PartitionAnswer {
  const { partitionIndex, leader, leaderEpoch, replicas, isr } = partition;
  const errorCode = partitionError(image, partition, context);
  const offlineReplicas = replicas.filter((id) => image.brokers.get(id)?.fenced !== false);
  const leaderId = errorCode === ErrorCode.NONE ? leader : -1;
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes: replicas, isrNodes: isr, offlineReplicas };
}

function partitionError(image: ClusterImage, { leader }: PartitionImage, context: RequestContext): number {
  const broker = image.brokers.get(leader);
  if (broker === undefined || broker.fenced) return ErrorCode.LEADER_NOT_AVAILABLE;
  if (broker.endpoints.some((endpoint) => endpoint.listenerName === context.listenerName)) return ErrorCode.NONE;
  return context.apiVersion < LISTENER_NOT_FOUND_SINCE ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.LISTENER_NOT_FOUND;
}

function respond(
  broker: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
  topics: readonly TopicAnswer[],
): MetadataResponse {
  const image = broker.metadata.image();
  const brokers = reachableBrokers(image, context.listenerName);
  return {
    throttleTimeMs: 0,
    brokers: brokers.map(({ broker: { brokerId, rack }, endpoint: { host, port } }) => ({
      nodeId: brokerId,
      host,
      port,
      rack,
    })),
    clusterId: image.clusterId,
    controllerId: image.controllerId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterAuthorizedOperations(context)
      : OPERATIONS_NOT_ASKED,
    errorCode: ErrorCode.NONE,
  };
}
