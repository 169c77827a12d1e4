/** Codes of access control, by name. As a filter `any` matches everything. */
export const aclResourceTypes = {
  any: 1,
  topic: 2,
  group: 3,
  cluster: 4,
  transactionalId: 5,
  delegationToken: 6,
  user: 7,
} as const;
export const aclPatternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 } as const;
export const aclPermissions = { any: 1, deny: 2, allow: 3 } as const;
export const aclOperations = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
  createTokens: 13,
  describeTokens: 14,
  twoPhaseCommit: 15,
} as const;

export type AclResourceType = Exclude<keyof typeof aclResourceTypes, 'any'>;
export type AclPatternType = Exclude<keyof typeof aclPatternTypes, 'any' | 'match'>;
export type AclPermission = Exclude<keyof typeof aclPermissions, 'any'>;
export type AclOperation = Exclude<keyof typeof aclOperations, 'any'>;

/** Who may, or may not, do what to which resources. */
export interface Acl {
  readonly resourceType: AclResourceType;
  /** A name, or how names begin; for the cluster `kafka-cluster`. */
  readonly resourceName: string;
  /** Default `literal`. */
  readonly patternType?: AclPatternType | undefined;
  /** `User:alice`; `User:*` is everyone. */
  readonly principal: string;
  /** Default: from everywhere, `*`. */
  readonly host?: string | undefined;
  readonly operation: AclOperation;
  /** Default `allow`. */
  readonly permission?: AclPermission | undefined;
}

/** Which of them; what is left out matches all. */
export interface AclFilter {
  readonly resourceType?: AclResourceType | undefined;
  readonly resourceName?: string | undefined;
  /** `match`: all that concern `resourceName`, be it by its name, its beginning or `*`. Default: any pattern. */
  readonly patternType?: AclPatternType | 'match' | undefined;
  readonly principal?: string | undefined;
  readonly host?: string | undefined;
  readonly operation?: AclOperation | undefined;
  readonly permission?: AclPermission | undefined;
}

/** The codes of a filter, as requests carry them but for the name of the pattern type. */
export function filterCodes(filter: AclFilter) {
  return {
    resourceTypeFilter: aclResourceTypes[filter.resourceType ?? 'any'],
    resourceNameFilter: filter.resourceName ?? null,
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: aclOperations[filter.operation ?? 'any'],
    permissionType: aclPermissions[filter.permission ?? 'any'],
  };
}

/** Patterns came with version 1 (KIP-290); before it names stand for themselves. */
export const PATTERNS_SINCE = 1;

/** The lowest version that can carry a filter's pattern. */
export function versionForFilter({ patternType }: AclFilter): number {
  return patternType === undefined || patternType === 'literal' ? 0 : PATTERNS_SINCE;
}

interface AclCodes {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** An entry with nothing left to default. */
export type DescribedAcl = { readonly [K in keyof Acl]-?: Exclude<Acl[K], undefined> };

const names = <N extends string>(codes: Readonly<Record<N, number>>): ReadonlyMap<number, N> =>
  new Map(Object.entries(codes).map(([name, code]) => [code as number, name as N]));
const resourceTypeNames = names(aclResourceTypes);
const patternTypeNames = names(aclPatternTypes);
const operationNames = names(aclOperations);
const permissionNames = names(aclPermissions);

/** An entry from its codes; undefined where the broker has kinds that are not known here. */
export function aclOf(codes: AclCodes): DescribedAcl | undefined {
  const resourceType = resourceTypeNames.get(codes.resourceType);
  const patternType = patternTypeNames.get(codes.patternType);
  const operation = operationNames.get(codes.operation);
  const permission = permissionNames.get(codes.permissionType);
  if (resourceType === undefined || resourceType === 'any' || operation === undefined || operation === 'any')
    return undefined;
  if (patternType !== 'literal' && patternType !== 'prefixed') return undefined;
  if (permission === undefined || permission === 'any') return undefined;
  const { resourceName, principal, host } = codes;
  return { resourceType, resourceName, patternType, principal, host, operation, permission };
}

/** What a broker says that the caller may do: one bit for each operation's code; undefined where it does not say (KIP-430). */
export function operationsOf(bits: number): AclOperation[] | undefined {
  if (bits === -2_147_483_648) return undefined;
  return [...operationNames].flatMap(([code, name]) => (name !== 'any' && (bits & (1 << code)) !== 0 ? [name] : []));
}

/** How an entry is called in reports. */
export function aclLabel({ permission = 'allow', principal, operation, resourceType, resourceName }: Acl): string {
  return `${permission} ${principal} ${operation} ${resourceType} ${resourceName}`;
}
