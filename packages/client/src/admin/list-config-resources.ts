import { ListConfigResources } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import {
  type ConfigResourceName,
  type ConfigResourceType,
  configResourceType,
  configResourceTypes,
} from './config-resource.ts';
import { throwIfFailed } from './items.ts';

export interface ListConfigResourcesOptions extends AdminOptions {
  /** Default: all. */
  readonly types?: readonly ConfigResourceType[] | undefined;
}

/** Version 0 lists client metrics subscriptions alone (KIP-1000, KIP-1142). */
const TYPES_SINCE = 1;

export function listConfigResources(
  cluster: Cluster,
  { types, signal }: ListConfigResourcesOptions,
): Promise<ConfigResourceName[]> {
  const onlyMetrics = types?.every((type) => type === 'clientMetrics') === true;
  const resourceTypes = (types ?? []).map((type) => configResourceTypes[type]);
  return cluster.retrying(
    async () => {
      const answer = await cluster.callAny(
        ListConfigResources,
        (version) => (version >= TYPES_SINCE ? { resourceTypes } : {}),
        { signal, atLeast: onlyMetrics ? 0 : TYPES_SINCE },
      );
      throwIfFailed(answer);
      return answer.configResources.flatMap(({ resourceName: name, resourceType }) => {
        const type = configResourceType(resourceType);
        return type === undefined ? [] : [{ type, name }];
      });
    },
    { signal },
  );
}
