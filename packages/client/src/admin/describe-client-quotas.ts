import { DescribeClientQuotas } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { entityOf, type QuotaEntity, quotaEntityKinds, quotaEntityTypes, type QuotaValues } from './client-quota.ts';
import { throwIfFailed } from './items.ts';

const MATCH = { exact: 0, default: 1, any: 2 } as const;

/** Which quotas: a name, null for the default, or `any` for all that name one of this kind. What is left out may be anything. */
export interface QuotaFilter extends QuotaEntity {
  /** Kinds that an entity must have, with whatever name. */
  readonly having?: readonly ('user' | 'clientId' | 'ip')[] | undefined;
  /** Whether entities that have other kinds besides are left out. Default false. */
  readonly strict?: boolean | undefined;
}

export interface ClientQuota {
  readonly entity: QuotaEntity;
  readonly values: QuotaValues;
}

interface Component {
  readonly entityType: string;
  readonly matchType: number;
  readonly match: string | null;
}

/** Quotas that are set (KIP-546). */
export function describeClientQuotas(
  cluster: Cluster,
  filter: QuotaFilter,
  { signal }: AdminOptions,
): Promise<ClientQuota[]> {
  const components = quotaEntityKinds.flatMap((kind): Component[] => {
    const entityType = quotaEntityTypes[kind];
    const match = filter[kind];
    if (typeof match === 'string') return [{ entityType, matchType: MATCH.exact, match }];
    if (match === null) return [{ entityType, matchType: MATCH.default, match: null }];
    return filter.having?.includes(kind) === true ? [{ entityType, matchType: MATCH.any, match: null }] : [];
  });
  return cluster.retrying(
    async () => {
      const body = { components, strict: filter.strict ?? false };
      const answer = await cluster.callAny(DescribeClientQuotas, body, { signal });
      throwIfFailed(answer);
      return (answer.entries ?? []).map(({ entity, values }) => ({
        entity: entityOf(entity),
        values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      }));
    },
    { signal },
  );
}
