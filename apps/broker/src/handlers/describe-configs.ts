// DescribeConfigs v1-v4 (KIP-133). v1: sources and synonyms (KIP-226). v3: types and documentation (KIP-569).
import { DescribeConfigs, ErrorCode, type RequestOf, type ResponseInput } from '@ks/protocol';
import { brokerConfigs } from '../config/broker-config.ts';
import { type ConfigEntry, describeBrokerConfig, describeTopicConfig } from '../config/topic-config.ts';
import { topicNameFault } from '../core/controller/topic-names.ts';
import { configKey } from '../core/metadata/image.ts';
import { brokerLayers } from '../runtime/topic-admin-rules.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { ConfigResource, configSourceCodes, configTypeCodes } from './shared/config-codes.ts';

type DescribeConfigsRequest = RequestOf<typeof DescribeConfigs>;
type Resource = DescribeConfigsRequest['resources'][number];
type Result = ResponseInput<typeof DescribeConfigs>['results'][number];

/** The entries of a resource, or why they are not told. */
type Described = readonly ConfigEntry[] | { readonly errorCode: number; readonly message: string };

const fault = (errorCode: number, message: string): Described => ({ errorCode, message });

export const describeConfigs = handler(DescribeConfigs, {}, (broker, request, context) => ({
  throttleTimeMs: 0,
  results: request.resources.map((resource) => resultOf(resource, describe(broker, resource, context), request)),
}));

function describe(broker: BrokerServices, resource: Resource, context: RequestContext): Described {
  switch (resource.resourceType) {
    case ConfigResource.TOPIC:
      return describeTopic(broker, resource.resourceName, context);
    case ConfigResource.BROKER:
      return describeBroker(broker, resource.resourceName, context);
    case ConfigResource.BROKER_LOGGER:
      return fault(
        ErrorCode.INVALID_REQUEST,
        'this broker has no loggers that are set one by one; its level is --log-level',
      );
    default:
      return fault(ErrorCode.INVALID_REQUEST, `resource type ${resource.resourceType} has no configuration here`);
  }
}

function describeTopic(broker: BrokerServices, topic: string, context: RequestContext): Described {
  if (!context.authorize('DESCRIBE_CONFIGS', 'TOPIC', topic)) {
    return fault(ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'not allowed to read the configuration of the topic');
  }
  const nameFault = topicNameFault(topic);
  if (nameFault !== undefined) return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, nameFault);
  const image = broker.metadata.image();
  if (!image.topicsByName.has(topic)) {
    return fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${topic}`);
  }
  return describeTopicConfig(
    image.configs.get(configKey('topic', topic)),
    brokerLayers(broker.config, broker.nodeId, image),
  );
}

/** Each broker answers for itself; the empty name is what all brokers share. */
function describeBroker(broker: BrokerServices, name: string, context: RequestContext): Described {
  if (!context.authorize('DESCRIBE_CONFIGS', 'CLUSTER', CLUSTER_NAME)) {
    return fault(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'not allowed to read the configuration of brokers');
  }
  const entries = describeBrokerConfig(
    brokerLayers(broker.config, broker.nodeId, broker.metadata.image()),
    brokerConfigs,
  );
  if (name === '') return entries.flatMap(clusterDefault);
  if (name === String(broker.nodeId)) return entries;
  return fault(
    ErrorCode.INVALID_REQUEST,
    `this is broker ${broker.nodeId}: ask broker ${name} itself, or name none for the defaults of all`,
  );
}

function clusterDefault(entry: ConfigEntry): readonly ConfigEntry[] {
  const shared = entry.synonyms.find((each) => each.source === 'DYNAMIC_DEFAULT_BROKER_CONFIG');
  if (shared === undefined) return [];
  return [{ ...entry, value: shared.value, source: shared.source, synonyms: [shared] }];
}

function resultOf(resource: Resource, described: Described, request: DescribeConfigsRequest): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  if ('errorCode' in described) {
    const { errorCode, message } = described;
    return { errorCode, errorMessage: message, resourceType, resourceName, configs: [] };
  }
  const keys = new Set(configurationKeys ?? []);
  const asked = keys.size === 0 ? described : described.filter((entry) => keys.has(entry.name));
  const configs = asked.map((entry) => configOf(entry, request));
  return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName, configs };
}

function configOf(entry: ConfigEntry, request: DescribeConfigsRequest): Result['configs'][number] {
  const { name, value, readOnly, sensitive } = entry;
  return {
    name,
    value,
    readOnly,
    configSource: configSourceCodes[entry.source],
    isSensitive: sensitive,
    synonyms: request.includeSynonyms
      ? entry.synonyms.map((each) => ({ name: each.name, value: each.value, source: configSourceCodes[each.source] }))
      : [],
    configType: configTypeCodes[entry.type],
    documentation: request.includeDocumentation ? entry.documentation : null,
  };
}
