import { DescribeAcls } from '@ks/protocol';
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
import { throwIfFailed } from './items.ts';

/** The access control entries that a filter matches. Rejects with SECURITY_DISABLED where brokers have no authorizer. */
export function describeAcls(cluster: Cluster, filter: AclFilter, { signal }: AdminOptions): Promise<DescribedAcl[]> {
  const patternTypeFilter = aclPatternTypes[filter.patternType ?? 'any'];
  return cluster.retrying(
    async () => {
      const answer = await cluster.callAny(
        DescribeAcls,
        (version) => ({ ...filterCodes(filter), ...(version >= PATTERNS_SINCE ? { patternTypeFilter } : {}) }),
        { signal, atLeast: versionForFilter(filter) },
      );
      throwIfFailed(answer);
      return answer.resources.flatMap((resource) =>
        resource.acls.flatMap((entry) => aclOf({ ...resource, ...entry }) ?? []),
      );
    },
    { signal },
  );
}
