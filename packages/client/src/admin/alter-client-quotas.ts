import { AlterClientQuotas } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { ChangeOptions } from './admin-options.ts';
import { entityLabel, entityParts, type QuotaEntity, type QuotaValues } from './client-quota.ts';
import { outcomeOf, settleEach } from './items.ts';

export interface QuotaChange {
  readonly entity: QuotaEntity;
  /** Bytes a second, percent, mutations a second, connections a second: see `QuotaValues`. */
  readonly set?: QuotaValues | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** Sets and removes quotas of users, client ids and addresses (KIP-546). */
export async function alterClientQuotas(
  cluster: Cluster,
  changes: readonly QuotaChange[],
  { signal, validateOnly = false }: ChangeOptions,
): Promise<void> {
  const ask = async (some: readonly QuotaChange[]) => {
    const entries = some.map(({ entity, set = {}, remove = [] }) => ({
      entity: entityParts(entity),
      ops: [
        ...Object.entries(set).map(([key, value]) => ({ key, value, remove: false })),
        ...remove.map((key) => ({ key, value: 0, remove: true })),
      ],
    }));
    const answer = await cluster.callController(AlterClientQuotas, { entries, validateOnly }, { signal });
    return some.map(({ entity }) => {
      const wanted = JSON.stringify(entityParts(entity).map(pair).toSorted());
      const found = answer.entries.find((one) => JSON.stringify(one.entity.map(pair).toSorted()) === wanted);
      return outcomeOf(found, () => undefined);
    });
  };
  await settleEach(cluster, changes, ask, { signal, label: ({ entity }) => entityLabel(entity) });
}

function pair({ entityType, entityName }: { readonly entityType: string; readonly entityName: string | null }): string {
  return JSON.stringify([entityType, entityName]);
}
