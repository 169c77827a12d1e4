import { DeleteAcls } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import {
  type AclFilter,
  aclOf,
  aclPatternTypes,
  type DescribedAcl,
  filterCodes,
  PATTERNS_SINCE,
  versionForFilter,
} from './acl.ts';
import type { AdminOptions } from './admin-options.ts';
import { outcomeOf, settleEach, throwIfFailed } from './items.ts';

/** Deletes the access control entries that filters match, and gives those of each filter. */
export function deleteAcls(
  cluster: Cluster,
  filters: readonly AclFilter[],
  { signal }: AdminOptions,
): Promise<DescribedAcl[][]> {
  const ask = async (some: readonly AclFilter[]) => {
    const { filterResults } = await cluster.callController(
      DeleteAcls,
      (version) => ({ filters: some.map((filter) => filterOf(filter, version)) }),
      { signal, atLeast: Math.max(0, ...some.map(versionForFilter)) },
    );
    return some.map((_, index) => {
      const result = filterResults[index];
      for (const one of result?.matchingAcls ?? []) throwIfFailed(one);
      return outcomeOf(result, () => result?.matchingAcls.flatMap((one) => aclOf(one) ?? []) ?? []);
    });
  };
  return settleEach(cluster, filters, ask, { signal, label: (filter) => JSON.stringify(filter) });
}

function filterOf(filter: AclFilter, version: number) {
  const patternTypeFilter = aclPatternTypes[filter.patternType ?? 'any'];
  return { ...filterCodes(filter), ...(version >= PATTERNS_SINCE ? { patternTypeFilter } : {}) };
}
