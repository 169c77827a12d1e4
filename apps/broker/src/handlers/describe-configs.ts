// DescribeConfigs v1-v4 (KIP-133). v1: sources and synonyms (KIP-226). v3: types and documentation (KIP-569).
import { DescribeConfigs, ErrorCode, type RequestOf, type ResponseInput } from '@ks/protocol';
import type { BrokerLayers, ConfigEntry, Overrides } from '../config/config-entry.ts';
import { describeBrokerConfig, describeClusterConfig } from '../config/dynamic-broker-config.ts';
import { describeClientMetricsConfig, describeGroupConfig } from '../config/resource-config.ts';
import { describeTopicConfig } from '../config/topic-config.ts';
import { topicNameFault } from '../core/controller/topic-names.ts';
import { type ConfigResourceType, configKey } from '../core/metadata/image.ts';
import { brokerLayers } from '../runtime/topic-admin-rules.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { ConfigResource, configSourceCodes, configTypeCodes, UNTYPED_CONFIG } from './shared/config-codes.ts';
import { describeLoggers } from './shared/loggers.ts';
import { authorizationFault, type ResourceFault } from './shared/config-resources.ts';

type DescribeConfigsRequest = RequestOf<typeof DescribeConfigs>;
type Resource = DescribeConfigsRequest['resources'][number];
type Result = ResponseInput<typeof DescribeConfigs>['results'][number];

/** The entries of a resource, or why they are not told. */
type Described = readonly ConfigEntry[] | ResourceFault;

const fault = (errorCode: number, errorMessage: string): ResourceFault => ({ errorCode, errorMessage });

export const describeConfigs = handler(DescribeConfigs, {}, (broker, request, context) => ({
  throttleTimeMs: 0,
  results: request.resources.map((resource) => resultOf(resource, describe(broker, resource, context), request)),
}));

function describe(broker: BrokerServices, resource: Resource, context: RequestContext): Described {
  const denied = authorizationFault(resource, 'DESCRIBE_CONFIGS', context);
  if (denied !== undefined) return denied;
  const { resourceType, resourceName: name } = resource;
  switch (resourceType) {
    case ConfigResource.TOPIC:
      return describeTopic(broker, name);
    case ConfigResource.BROKER:
      return describeBroker(broker, name);
    case ConfigResource.GROUP:
      return name === '' ? unnamed('group') : describeGroupConfig(overridesOf(broker, 'group', name), layersOf(broker));
    case ConfigResource.CLIENT_METRICS:
      if (name === '') return unnamed('client metrics');
      return describeClientMetricsConfig(overridesOf(broker, 'client-metrics', name), layersOf(broker));
    case ConfigResource.BROKER_LOGGER:
      return name === String(broker.nodeId) ? describeLoggers(broker.logger) : otherBroker(broker, name);
    default:
      return fault(ErrorCode.INVALID_REQUEST, `resource type ${resourceType} has no configuration here`);
  }
}

function unnamed(kind: string): ResourceFault {
  return fault(ErrorCode.INVALID_REQUEST, `a ${kind} resource needs a name`);
}

function overridesOf(broker: BrokerServices, type: ConfigResourceType, name: string): Overrides {
  return broker.metadata.image().configs.get(configKey(type, name));
}

function layersOf(broker: BrokerServices): BrokerLayers {
  return brokerLayers(broker.config, broker.nodeId, broker.metadata.image());
}

function describeTopic(broker: BrokerServices, topic: string): Described {
  const nameFault = topicNameFault(topic);
  if (nameFault !== undefined) return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, nameFault);
  if (!broker.metadata.image().topicsByName.has(topic)) {
    return fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${topic}`);
  }
  return describeTopicConfig(overridesOf(broker, 'topic', topic), layersOf(broker));
}

/** Each broker answers for itself; the empty name is what all brokers share. */
function describeBroker(broker: BrokerServices, name: string): Described {
  if (name === '') return describeClusterConfig(layersOf(broker));
  if (name === String(broker.nodeId)) return describeBrokerConfig(layersOf(broker));
  return otherBroker(broker, name);
}

function otherBroker(broker: BrokerServices, name: string): ResourceFault {
  return fault(ErrorCode.INVALID_REQUEST, `this is broker ${broker.nodeId}: ask broker ${name} itself`);
}

function resultOf(resource: Resource, described: Described, request: DescribeConfigsRequest): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  if ('errorCode' in described) {
    return { ...described, resourceType, resourceName, configs: [] };
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
    configType: entry.type === undefined ? UNTYPED_CONFIG : configTypeCodes[entry.type],
    documentation: request.includeDocumentation ? entry.documentation : null,
  };
}
