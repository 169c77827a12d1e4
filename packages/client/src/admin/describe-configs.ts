import { DescribeConfigs } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin.ts';
import { throwFirstFailure } from './first-failure.ts';

const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
export type ConfigResourceType = keyof typeof resourceTypes;

const sources: ReadonlyMap<number, string> = new Map([
  [1, 'topic'],
  [2, 'broker'],
  [3, 'brokerDefault'],
  [4, 'static'],
  [5, 'default'],
  [6, 'brokerLogger'],
  [7, 'clientMetrics'],
  [8, 'group'],
]);
const valueTypes: ReadonlyMap<number, string> = new Map([
  [1, 'boolean'],
  [2, 'string'],
  [3, 'int'],
  [4, 'short'],
  [5, 'long'],
  [6, 'double'],
  [7, 'list'],
  [8, 'class'],
  [9, 'password'],
]);

export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** A topic's name, a broker's id (empty for what all brokers share)... */
  readonly name: string;
  /** Default: all. */
  readonly keys?: readonly string[] | undefined;
}

export interface ConfigEntry {
  readonly name: string;
  /** Null where it is a secret. */
  readonly value: string | null;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  /** Where the value comes from: `topic`, `broker`, `brokerDefault`, `static` (the broker's file), `default`, `group`... or `unknown`. */
  readonly source: string;
  /** `boolean`, `string`, `int`, `long`, `list`... or `unknown`. */
  readonly type: string;
  readonly documentation: string | null;
}

export interface DescribedConfigs {
  readonly type: ConfigResourceType;
  readonly name: string;
  readonly entries: readonly ConfigEntry[];
}

export async function describeConfigs(
  cluster: Cluster,
  resources: readonly ConfigResource[],
  options: AdminOptions,
): Promise<DescribedConfigs[]> {
  return cluster.retrying(() => Promise.all(resources.map((resource) => describeOne(cluster, resource, options))), {
    signal: options.signal,
  });
}

async function describeOne(
  cluster: Cluster,
  resource: ConfigResource,
  options: AdminOptions,
): Promise<DescribedConfigs> {
  const body = {
    resources: [
      {
        resourceType: resourceTypes[resource.type],
        resourceName: resource.name,
        configurationKeys: resource.keys === undefined ? null : [...resource.keys],
      },
    ],
  };
  const call = { signal: options.signal, atLeast: 1 };
  // A broker knows only its own settings.
  const isOfOneBroker = (resource.type === 'broker' || resource.type === 'brokerLogger') && resource.name !== '';
  const response = isOfOneBroker
    ? await cluster.callBroker(Number(resource.name), DescribeConfigs, body, call)
    : await cluster.callAny(DescribeConfigs, body, call);
  throwFirstFailure(
    response.results.map((outcome) => ({ ...outcome, topic: resource.type === 'topic' ? resource.name : undefined })),
  );
  const entries = response.results.flatMap((result) => result.configs).map(entryOf);
  return { type: resource.type, name: resource.name, entries };
}

function entryOf(config: {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly isSensitive: boolean;
  readonly configSource: number;
  readonly configType: number;
  readonly documentation: string | null;
}): ConfigEntry {
  return {
    name: config.name,
    value: config.value,
    isReadOnly: config.readOnly,
    isSensitive: config.isSensitive,
    source: sources.get(config.configSource) ?? 'unknown',
    type: valueTypes.get(config.configType) ?? 'unknown',
    documentation: config.documentation,
  };
}
