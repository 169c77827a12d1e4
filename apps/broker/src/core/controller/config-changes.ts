import { ErrorCode } from '@ks/protocol';
import { type ClusterImage, type ConfigResourceType, configKey } from '../metadata/image.ts';
import { type Planned, type Refusal, refuse } from './new-partitions.ts';
import { topicNameFault } from './topic-names.ts';

/** A resource that has configurations of its own; the empty broker name is the default of all brokers. */
export interface ConfigResource {
  readonly type: ConfigResourceType;
  readonly name: string;
}

/** One key of a resource as it is to be changed (KIP-339). */
export interface ConfigAlteration {
  readonly name: string;
  readonly operation: 'set' | 'delete' | 'append' | 'subtract';
  /** Ignored by `delete`. */
  readonly value: string | null;
}

/** How a resource's configuration is to be changed. */
export interface ConfigChange extends ConfigResource {
  /** Whether keys that are not named lose their values (AlterConfigs). */
  readonly replaces: boolean;
  readonly alterations: readonly ConfigAlteration[];
}

/** What the definitions of keys say. */
export interface ConfigRules {
  /** Why the key must not have this value; undefined where it may. */
  readonly fault: (resource: ConfigResource, name: string, value: string) => string | undefined;
  /** Whether Kafka calls a wrong value of this key a wrong request rather than a wrong configuration. */
  readonly isRequestFault: (resource: ConfigResource, name: string) => boolean;
  /** For a list the elements that `append` and `subtract` begin with where the resource has none; undefined for other keys. */
  readonly listDefault: (resource: ConfigResource, name: string) => readonly string[] | undefined;
  /** Why the values do not go together; undefined where they do. */
  readonly jointFault: (resource: ConfigResource, configs: ReadonlyMap<string, string>) => string | undefined;
}

/** All overrides that the resource is to have. */
export interface ConfigPlan extends ConfigResource {
  readonly configs: ReadonlyMap<string, string>;
}

/** Plans the change of one resource's configuration: all of its alterations, or none. */
export function planConfigChange(change: ConfigChange, image: ClusterImage, rules: ConfigRules): Planned<ConfigPlan> {
  const { type, name, replaces, alterations } = change;
  const fault = resourceFault(change, image) ?? shapeFault(alterations);
  if (fault !== undefined) return fault;
  const before = image.configs.get(configKey(type, name));
  const configs = new Map(replaces ? [] : before);
  for (const alteration of alterations) {
    const refusal = apply(alteration, change, configs, rules);
    if (refusal !== undefined) return refusal;
  }
  const joint = rules.jointFault(change, configs);
  if (joint !== undefined) return refuse(ErrorCode.INVALID_CONFIG, joint);
  return { type: 'planned', plan: { type, name, configs } };
}

function resourceFault({ type, name }: ConfigResource, image: ClusterImage): Refusal | undefined {
  switch (type) {
    case 'topic': {
      if (name === '') return refuse(ErrorCode.INVALID_REQUEST, 'a topic resource needs a name');
      const fault = topicNameFault(name);
      if (fault !== undefined) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, fault);
      if (image.topicsByName.has(name)) return undefined;
      return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${name}`);
    }
    case 'broker':
      if (name === '') return undefined;
      if (!/^\d{1,10}$/.test(name)) return refuse(ErrorCode.INVALID_REQUEST, `${JSON.stringify(name)} is no broker id`);
      if (image.brokers.has(Number(name))) return undefined;
      return refuse(ErrorCode.BROKER_ID_NOT_REGISTERED, `there is no broker ${name}`);
    case 'group':
    case 'client-metrics':
      return name === '' ? refuse(ErrorCode.INVALID_REQUEST, `a ${type} resource needs a name`) : undefined;
    default:
      throw new Error(`no such resource type: ${type satisfies never}`);
  }
}

function shapeFault(alterations: readonly ConfigAlteration[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const { name, operation, value } of alterations) {
    if (seen.has(name)) return refuse(ErrorCode.INVALID_REQUEST, `the config ${name} is given twice`);
    seen.add(name);
    if (value === null && operation !== 'delete') return refuse(ErrorCode.INVALID_REQUEST, `${name}: null is no value`);
  }
  return undefined;
}

/** Puts one alteration into `configs`. */
function apply(
  { name, operation, value }: ConfigAlteration,
  resource: ConfigResource,
  configs: Map<string, string>,
  rules: ConfigRules,
): Refusal | undefined {
  if (operation === 'delete' || value === null) {
    configs.delete(name);
    return undefined;
  }
  const next = operation === 'set' ? value : changedList(name, operation, value, resource, configs, rules);
  if (typeof next !== 'string') return next;
  const fault = rules.fault(resource, name, next);
  if (fault !== undefined) {
    const isRequestFault = rules.isRequestFault(resource, name);
    return refuse(isRequestFault ? ErrorCode.INVALID_REQUEST : ErrorCode.INVALID_CONFIG, fault);
  }
  configs.set(name, next);
  return undefined;
}

function changedList(
  name: string,
  operation: 'append' | 'subtract',
  value: string,
  resource: ConfigResource,
  configs: ReadonlyMap<string, string>,
  rules: ConfigRules,
): string | Refusal {
  const fallback = rules.listDefault(resource, name);
  if (fallback === undefined) {
    return refuse(ErrorCode.INVALID_CONFIG, `${name} is no list: nothing can be appended to it or subtracted from it`);
  }
  const own = configs.get(name);
  const before = own === undefined ? fallback : elements(own);
  const given = elements(value);
  const after =
    operation === 'append' ? new Set([...before, ...given]) : new Set(before.filter((each) => !given.includes(each)));
  return [...after].join(',');
}

function elements(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((element) => element.trim());
}
