import { type BrokerConfig, brokerConfigDef } from '../config/broker-config.ts';
import type { ConfigDef } from '../config/config-def.ts';
import { brokerConfigFault } from '../config/dynamic-broker-config.ts';
import {
  clientMetricsConfigDef,
  clientMetricsConfigFault,
  groupConfigDef,
  groupConfigFault,
} from '../config/resource-config.ts';
import { topicConfigDef, topicConfigFault, topicJointFault } from '../config/topic-config.ts';
import type { ConfigResource, ConfigRules } from '../core/controller/config-changes.ts';

/** What the tables of keys say about changing them. */
export function configRules(config: BrokerConfig): ConfigRules {
  return {
    fault: ({ type, name: resource }, name, value) => {
      switch (type) {
        case 'topic':
          return topicConfigFault(name, value);
        case 'broker':
          return brokerConfigFault(name, value, resource === '');
        case 'group':
          return groupConfigFault(name, value, config);
        case 'client-metrics':
          return clientMetricsConfigFault(name, value);
        default:
          throw new Error(`no such resource type: ${type satisfies never}`);
      }
    },
    isRequestFault: ({ type }, name) => type === 'broker' || (type === 'client-metrics' && name !== 'match'),
    listDefault: (resource, name) => listDefault(resource, name, config),
    jointFault: ({ type }, configs) => (type === 'topic' ? topicJointFault(configs) : undefined),
  };
}

/** Kafka appends to what the broker was started with, or the default, where the resource has no list of its own. */
function listDefault({ type }: ConfigResource, name: string, config: BrokerConfig): readonly string[] | undefined {
  const def = definition(type, name);
  // Kafka takes the lists of groups and client metrics for plain texts here.
  if (def?.type !== 'list' || type === 'group' || type === 'client-metrics') return undefined;
  const explicit = [type === 'broker' ? name : undefined, ...def.synonyms.map((synonym) => synonym.name)]
    .map((key) => key && config.explicit.get(key))
    .find((value) => value !== undefined);
  if (explicit !== undefined) return explicit.split(',').map((element) => element.trim());
  return Array.isArray(def.default) ? def.default : [];
}

function definition(type: ConfigResource['type'], name: string): ConfigDef | undefined {
  switch (type) {
    case 'topic':
      return topicConfigDef(name);
    case 'broker':
      return brokerConfigDef(name);
    case 'group':
      return groupConfigDef(name);
    case 'client-metrics':
      return clientMetricsConfigDef(name);
    default:
      throw new Error(`no such resource type: ${type satisfies never}`);
  }
}
