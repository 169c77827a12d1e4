import { IncrementalAlterConfigs } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { ChangeOptions } from './admin-options.ts';
import { brokerOf, type ConfigResourceName, configResourceTypes, labelOf } from './config-resource.ts';
import { eachAlone, settleEach, throwIfFailed } from './items.ts';

/** What to change in a resource's configuration; what is not named stays. */
export interface ConfigChanges extends ConfigResourceName {
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Back to their defaults. */
  readonly remove?: readonly string[] | undefined;
  /** Entries to add to lists, separated by commas, and to take from them. */
  readonly append?: Readonly<Record<string, string>> | undefined;
  readonly subtract?: Readonly<Record<string, string>> | undefined;
}

const operations = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/** Changes single configurations (KIP-339). All changes of a resource are made, or none. */
export async function alterConfigs(
  cluster: Cluster,
  changes: readonly ConfigChanges[],
  { signal, validateOnly = false }: ChangeOptions,
): Promise<void> {
  const alterOne = async (one: ConfigChanges): Promise<void> => {
    const resource = {
      resourceType: configResourceTypes[one.type],
      resourceName: one.name,
      configs: [
        ...entries(one.set, operations.set),
        ...(one.remove ?? []).map((name) => ({ name, configOperation: operations.remove, value: null })),
        ...entries(one.append, operations.append),
        ...entries(one.subtract, operations.subtract),
      ],
    };
    const body = { resources: [resource], validateOnly };
    const brokerId = brokerOf(one);
    const { responses } =
      brokerId === undefined
        ? await cluster.callController(IncrementalAlterConfigs, body, { signal })
        : await cluster.callBroker(brokerId, IncrementalAlterConfigs, body, { signal });
    for (const answer of responses) throwIfFailed(answer, one.type === 'topic' ? { topic: one.name } : {});
  };
  await settleEach(cluster, changes, (some) => eachAlone(some, alterOne), { signal, label: labelOf });
}

function entries(values: Readonly<Record<string, string>> | undefined, configOperation: number) {
  return Object.entries(values ?? {}).map(([name, value]) => ({ name, configOperation, value }));
}
