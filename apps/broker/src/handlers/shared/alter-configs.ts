import { ErrorCode } from '@ks/protocol';
import type { ConfigAlteration, ConfigChange } from '../../core/controller/config-changes.ts';
import type { BrokerServices } from '../broker-services.ts';
import type { RequestContext } from '../handler.ts';
import { ConfigResource } from './config-codes.ts';
import { alterLoggers, type LoggersAnswer } from './loggers.ts';
import { type AskedResource, authorizationFault, type ResourceFault, storedResourceType } from './config-resources.ts';

/** One resource of AlterConfigs or IncrementalAlterConfigs. */
export interface ResourceToAlter extends AskedResource {
  readonly alterations: readonly (ConfigAlteration | undefined)[];
}

/** How the resource is answered. */
export interface AlteredResource extends AskedResource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Neither request carries a time-out: this is how long a change may take before it is said to have. */
const TIMEOUT_MS = 30_000;

/** Changes what may be changed and answers every resource, in order. An undefined alteration is an operation that Kafka does not know. */
export async function alterConfigs(
  broker: BrokerServices,
  context: RequestContext,
  asked: readonly ResourceToAlter[],
  how: { readonly replaces: boolean; readonly validateOnly: boolean },
): Promise<readonly AlteredResource[]> {
  const count = new Map<string, number>();
  for (const each of asked) count.set(keyOf(each), (count.get(keyOf(each)) ?? 0) + 1);
  const judged = asked.map((each) => {
    if ((count.get(keyOf(each)) ?? 0) > 1) return fault('each resource must be named once');
    if (each.resourceType === ConfigResource.BROKER_LOGGER) return alterLoggersOf(broker, context, each, how);
    return changeOf(broker, context, each, how.replaces);
  });
  const changes = judged.filter((each) => 'type' in each);
  const options = { timeoutMs: TIMEOUT_MS, validateOnly: how.validateOnly };
  const results = (await broker.configs.alterConfigs(changes, options)).values();
  return judged.map((each, index) => {
    const { resourceType, resourceName } = asked[index] as ResourceToAlter;
    const result = 'type' in each ? results.next().value : each;
    if (result === undefined) throw new Error('a change of configuration was not answered');
    return { resourceType, resourceName, errorCode: result.errorCode, errorMessage: result.errorMessage };
  });
}

/** Levels are this process's own: nothing of them is stored. */
function alterLoggersOf(
  broker: BrokerServices,
  context: RequestContext,
  resource: ResourceToAlter,
  { replaces, validateOnly }: { readonly replaces: boolean; readonly validateOnly: boolean },
): LoggersAnswer {
  if (replaces) return fault('AlterConfigs cannot change loggers: use IncrementalAlterConfigs');
  const denied = authorizationFault(resource, 'ALTER_CONFIGS', context);
  if (denied !== undefined) return denied;
  if (context.forwardedBy !== undefined) return fault('loggers are changed by requests that change nothing else');
  if (resource.resourceName !== String(broker.nodeId)) {
    return fault(`this is broker ${broker.nodeId}: ask broker ${resource.resourceName} itself`);
  }
  return alterLoggers(broker.logger, resource.alterations, validateOnly);
}

function keyOf({ resourceType, resourceName }: AskedResource): string {
  return `${resourceType}/${resourceName}`;
}

function changeOf(
  broker: BrokerServices,
  context: RequestContext,
  resource: ResourceToAlter,
  replaces: boolean,
): ConfigChange | ResourceFault {
  const { resourceType, resourceName: name, alterations } = resource;
  const type = storedResourceType(resourceType);
  if (type === undefined) return fault(`resource type ${resourceType} has no configuration that can be changed here`);
  const denied = authorizationFault(resource, 'ALTER_CONFIGS', context);
  if (denied !== undefined) return denied;
  const askedBroker = context.forwardedBy ?? broker.nodeId;
  if (resourceType === ConfigResource.BROKER && name !== '' && name !== String(askedBroker)) {
    return fault(`this is broker ${askedBroker}: ask broker ${name} itself, or name none to change all`);
  }
  const known = alterations.filter((each) => each !== undefined);
  if (known.length < alterations.length) return fault('the operations are 0 set, 1 delete, 2 append, 3 subtract');
  return { type, name, replaces, alterations: known };
}

function fault(errorMessage: string): ResourceFault {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}
