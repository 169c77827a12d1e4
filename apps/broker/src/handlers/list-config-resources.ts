// ListConfigResources v0-v1 (KIP-1142). v0 lists client metrics subscriptions alone; v1 the types asked for, none meaning all.
import { ErrorCode, ListConfigResources } from '@ks/protocol';
import type { ClusterImage, ConfigResourceType } from '../core/metadata/image.ts';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { ConfigResource } from './shared/config-codes.ts';

const TYPES_SINCE = 1;

/** In the order of Kafka's answer. */
const namesByType: ReadonlyMap<number, (image: ClusterImage) => Iterable<string>> = new Map([
  [ConfigResource.GROUP, (image) => configured(image, 'group')],
  [ConfigResource.CLIENT_METRICS, (image) => configured(image, 'client-metrics')],
  [ConfigResource.BROKER_LOGGER, brokerIds],
  [ConfigResource.BROKER, brokerIds],
  [ConfigResource.TOPIC, (image) => image.topicsByName.keys()],
]);

export const listConfigResources = handler(ListConfigResources, {}, (broker, request, context) => {
  if (!context.authorize('DESCRIBE_CONFIGS', 'CLUSTER', CLUSTER_NAME)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, configResources: [] };
  }
  const asked = context.apiVersion < TYPES_SINCE ? [ConfigResource.CLIENT_METRICS] : request.resourceTypes;
  const types = asked.length === 0 ? [...namesByType.keys()] : [...new Set(asked)];
  if (types.some((type) => !namesByType.has(type))) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
  }
  const image = broker.metadata.image();
  const configResources = types.flatMap((resourceType) =>
    Array.from(namesByType.get(resourceType)?.(image) ?? [], (resourceName) => ({ resourceName, resourceType })),
  );
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources };
});

function brokerIds(image: ClusterImage): Iterable<string> {
  return Array.from(image.brokers.keys(), String);
}

/** The names of a type that have a configuration. */
function configured(image: ClusterImage, type: ConfigResourceType): Iterable<string> {
  const prefix = `${type}/`;
  return [...image.configs.keys()].flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
}
