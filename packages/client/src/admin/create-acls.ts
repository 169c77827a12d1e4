import { CreateAcls } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import {
  type Acl,
  aclLabel,
  aclOperations,
  aclPatternTypes,
  aclPermissions,
  aclResourceTypes,
  PATTERNS_SINCE,
} from './acl.ts';
import type { AdminOptions } from './admin-options.ts';
import { outcomeOf, settleEach } from './items.ts';

/** Adds access control entries; one that is there already stays. Rejects with SECURITY_DISABLED where brokers have no authorizer. */
export async function createAcls(cluster: Cluster, acls: readonly Acl[], { signal }: AdminOptions): Promise<void> {
  const ask = async (some: readonly Acl[]) => {
    const atLeast = some.some(({ patternType }) => patternType === 'prefixed') ? PATTERNS_SINCE : 0;
    const { results } = await cluster.callController(
      CreateAcls,
      (version) => ({ creations: some.map((acl) => creationOf(acl, version)) }),
      { signal, atLeast },
    );
    return some.map((_, index) => outcomeOf(results[index], () => undefined));
  };
  await settleEach(cluster, acls, ask, { signal, label: aclLabel });
}

function creationOf(acl: Acl, version: number) {
  const resourcePatternType = aclPatternTypes[acl.patternType ?? 'literal'];
  return {
    resourceType: aclResourceTypes[acl.resourceType],
    resourceName: acl.resourceName,
    ...(version >= PATTERNS_SINCE ? { resourcePatternType } : {}),
    principal: acl.principal,
    host: acl.host ?? '*',
    operation: aclOperations[acl.operation],
    permissionType: aclPermissions[acl.permission ?? 'allow'],
  };
}
