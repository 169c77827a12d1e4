import { DescribeConfigs } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { KafkaErrorDetails } from '../kafka-error.ts';
import type { AdminOptions } from './admin-options.ts';
import { brokerOf, type ConfigResourceName, configResourceTypes, labelOf } from './config-resource.ts';
import { eachAlone, settleEach, throwIfFailed } from './items.ts';

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

export interface ConfigResource extends ConfigResourceName {
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
  /** Where brokers may tell, and it was asked for. */
  readonly documentation: string | null;
  /** The values behind this one, the first of which counts; empty unless asked for. */
  readonly synonyms: readonly ConfigSynonym[];
}

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: string;
}

export interface DescribeConfigsOptions extends AdminOptions {
  readonly includeSynonyms?: boolean | undefined;
  readonly includeDocumentation?: boolean | undefined;
}

/** Documentation came with this version. */
const DOCUMENTATION_SINCE = 3;

export interface DescribedConfigs extends ConfigResourceName {
  readonly entries: readonly ConfigEntry[];
}

export async function describeConfigs(
  cluster: Cluster,
  resources: readonly ConfigResource[],
  options: DescribeConfigsOptions,
): Promise<DescribedConfigs[]> {
  const ask = (some: readonly ConfigResource[]) => eachAlone(some, (one) => describeOne(cluster, one, options));
  return settleEach(cluster, resources, ask, { signal: options.signal, label: labelOf });
}

async function describeOne(
  cluster: Cluster,
  resource: ConfigResource,
  { signal, includeSynonyms = false, includeDocumentation = false }: DescribeConfigsOptions,
): Promise<DescribedConfigs> {
  const resources = [
    {
      resourceType: configResourceTypes[resource.type],
      resourceName: resource.name,
      configurationKeys: resource.keys === undefined ? null : [...resource.keys],
    },
  ];
  const body = (version: number) => ({
    resources,
    includeSynonyms,
    ...(version >= DOCUMENTATION_SINCE ? { includeDocumentation } : {}),
  });
  const call = { signal, atLeast: 1 };
  const brokerId = brokerOf(resource);
  const response =
    brokerId === undefined
      ? await cluster.callAny(DescribeConfigs, body, call)
      : await cluster.callBroker(brokerId, DescribeConfigs, body, call);
  for (const outcome of response.results) throwIfFailed(outcome, topicOf(resource));
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
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}): ConfigEntry {
  return {
    name: config.name,
    value: config.value,
    isReadOnly: config.readOnly,
    isSensitive: config.isSensitive,
    source: sources.get(config.configSource) ?? 'unknown',
    type: valueTypes.get(config.configType) ?? 'unknown',
    documentation: config.documentation,
    synonyms: config.synonyms.map(({ name, value, source }) => ({
      name,
      value,
      source: sources.get(source) ?? 'unknown',
    })),
  };
}

function topicOf({ type, name }: ConfigResourceName): KafkaErrorDetails {
  return type === 'topic' ? { topic: name } : {};
}
