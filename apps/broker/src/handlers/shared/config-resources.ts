import { ErrorCode } from '@ks/protocol';
import type { ConfigResourceType } from '../../core/metadata/image.ts';
import type { AclOperation, RequestContext } from '../handler.ts';
import { CLUSTER_NAME } from './authorized-operations.ts';
import { ConfigResource } from './config-codes.ts';

/** A resource as a request of the config APIs names it. */
export interface AskedResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** Why a resource is not served. */
export interface ResourceFault {
  readonly errorCode: number;
  readonly errorMessage: string;
}

const storedTypes: ReadonlyMap<number, ConfigResourceType> = new Map<number, ConfigResourceType>([
  [ConfigResource.TOPIC, 'topic'],
  [ConfigResource.BROKER, 'broker'],
  [ConfigResource.CLIENT_METRICS, 'client-metrics'],
  [ConfigResource.GROUP, 'group'],
]);

/** What the protocol's number of a resource type is called in the metadata; undefined for one that is not kept there. */
export function storedResourceType(resourceType: number): ConfigResourceType | undefined {
  return storedTypes.get(resourceType);
}

/** Whether a request to alter configurations asks for more than levels of loggers, which are each broker's own. */
export function changesStoredConfigs(request: unknown): boolean {
  const { resources } = request as { readonly resources: readonly AskedResource[] };
  return resources.some(({ resourceType }) => resourceType !== ConfigResource.BROKER_LOGGER);
}

/** Who may not do `operation` on a resource's configuration is told so; undefined for who may. */
export function authorizationFault(
  { resourceType, resourceName }: AskedResource,
  operation: AclOperation & ('DESCRIBE_CONFIGS' | 'ALTER_CONFIGS'),
  context: RequestContext,
): ResourceFault | undefined {
  switch (resourceType) {
    case ConfigResource.TOPIC:
      if (context.authorize(operation, 'TOPIC', resourceName)) return undefined;
      return {
        errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
        errorMessage: "not allowed for this topic's configuration",
      };
    case ConfigResource.GROUP:
      if (context.authorize(operation, 'GROUP', resourceName)) return undefined;
      return {
        errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED,
        errorMessage: "not allowed for this group's configuration",
      };
    default:
      if (context.authorize(operation, 'CLUSTER', CLUSTER_NAME)) return undefined;
      return {
        errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
        errorMessage: "not allowed for the cluster's configuration",
      };
  }
}
