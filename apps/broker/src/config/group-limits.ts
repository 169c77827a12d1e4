import { type BrokerConfig, brokerConfigDef } from './broker-config.ts';
import type { ConfigValue } from './config-def.ts';

/** A broker key that bounds a group's, with Kafka's default where ks does not act on the key yet. */
interface Limit {
  readonly key: string;
  readonly fallback: number;
}

interface Limits {
  readonly min?: Limit;
  readonly max: Limit;
}

const limit = (key: string, fallback: number): Limit => ({ key, fallback });

function between(kind: string, key: string, min: number, max: number): Limits {
  return { min: limit(`group.${kind}.min.${key}`, min), max: limit(`group.${kind}.max.${key}`, max) };
}

/** What every kind of group has. */
function timesOf(kind: string): readonly (readonly [string, Limits])[] {
  return [
    [`${kind}.session.timeout.ms`, between(kind, 'session.timeout.ms', 45000, 60000)],
    [`${kind}.heartbeat.interval.ms`, between(kind, 'heartbeat.interval.ms', 5000, 15000)],
    [`${kind}.assignment.interval.ms`, between(kind, 'assignment.interval.ms', 0, 15000)],
  ];
}

/** By the group's key. */
const limits: ReadonlyMap<string, Limits> = new Map([
  ...timesOf('consumer'),
  ...timesOf('share'),
  ...timesOf('streams'),
  ['share.delivery.count.limit', between('share', 'delivery.count.limit', 2, 10)],
  ['share.record.lock.duration.ms', between('share', 'record.lock.duration.ms', 15000, 60000)],
  ['share.partition.max.record.locks', between('share', 'partition.max.record.locks', 100, 4000)],
  ['streams.num.standby.replicas', { max: limit('group.streams.max.standby.replicas', 2) }],
]);

/** One line that says which limit of the brokers a group's value is beyond, or undefined where it is within. */
export function groupLimitFault(name: string, value: ConfigValue, { values }: BrokerConfig): string | undefined {
  const of = limits.get(name);
  if (of === undefined || typeof value !== 'number') return undefined;
  const limitOf = ({ key, fallback }: Limit): number => {
    const set = brokerConfigDef(key) && (values as Readonly<Record<string, ConfigValue>>)[key];
    return typeof set === 'number' ? set : fallback;
  };
  const min = of.min && limitOf(of.min);
  const max = limitOf(of.max);
  if (min !== undefined && value < min) return `${name}: must be at least ${min} (${of.min?.key})`;
  return value > max ? `${name}: must be at most ${max} (${of.max.key})` : undefined;
}
