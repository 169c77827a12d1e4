// CreateTopics v2-v7. v4: -1 for default partitions and replicas (KIP-464). v5: the created topic's shape and configs (KIP-525).
// v6: THROTTLING_QUOTA_EXCEEDED (KIP-599). v7: topicId.
import { CreateTopics, ErrorCode, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import { describeTopicConfig } from '../config/topic-config.ts';
import type { CreatedTopic } from '../runtime/topic-admin.ts';
import { brokerLayers } from '../runtime/topic-admin-rules.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { configSourceCodes } from './shared/config-codes.ts';
import { namedTwice } from './shared/named-twice.ts';

type Asked = RequestOf<typeof CreateTopics>['topics'][number];
type Answer = ResponseInput<typeof CreateTopics>['topics'][number];

export const createTopics = handler(CreateTopics, { byController: true }, async (broker, request, context) => {
  const twice = namedTwice(request.topics.map((topic) => topic.name));
  const mayCreateAll = context.authorize('CREATE', 'CLUSTER', CLUSTER_NAME);
  const answers = new Map<string, Answer>();
  const allowed: Asked[] = [];
  for (const topic of request.topics) {
    const { name } = topic;
    if (twice.has(name)) answers.set(name, refused(name, ErrorCode.INVALID_REQUEST, 'the topic is named twice'));
    else if (mayCreateAll || context.authorize('CREATE', 'TOPIC', name)) allowed.push(topic);
    else answers.set(name, refused(name, ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'not allowed to create the topic'));
  }
  const specs = allowed.map(({ numPartitions, ...rest }) => ({ ...rest, partitionCount: numPartitions }));
  const created = await broker.controller.createTopics(specs, {
    timeoutMs: request.timeoutMs,
    validateOnly: request.validateOnly,
  });
  created.forEach((topic, index) => {
    answers.set(topic.name, answerOf(broker, topic, allowed[index]?.configs ?? [], context));
  });
  const names = new Set(request.topics.map((topic) => topic.name));
  return { throttleTimeMs: 0, topics: [...names].flatMap((name) => answers.get(name) ?? []) };
});

function refused(name: string, errorCode: number, errorMessage: string | null): Answer {
  return { name, topicId: ZERO_UUID, errorCode, errorMessage, topicConfigErrorCode: ErrorCode.NONE, configs: [] };
}

/** Shape and configuration are told to who may read them (KIP-525). */
function answerOf(
  broker: BrokerServices,
  topic: CreatedTopic,
  asked: Asked['configs'],
  context: RequestContext,
): Answer {
  const { name, topicId, errorCode, errorMessage } = topic;
  if (errorCode !== ErrorCode.NONE) return refused(name, errorCode, errorMessage);
  const created = { name, topicId, errorCode, errorMessage: null };
  if (!context.authorize('DESCRIBE_CONFIGS', 'TOPIC', name)) {
    return { ...created, topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, configs: [] };
  }
  const overrides = new Map(asked.flatMap((each) => (each.value === null ? [] : [[each.name, each.value] as const])));
  const entries = describeTopicConfig(overrides, brokerLayers(broker.config, broker.nodeId, broker.metadata.image()));
  return {
    ...created,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: topic.partitionCount,
    replicationFactor: topic.replicationFactor,
    configs: entries.map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: entry.readOnly,
      configSource: configSourceCodes[entry.sourceInForce],
      isSensitive: entry.sensitive,
    })),
  };
}
