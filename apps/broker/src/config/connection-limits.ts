import type { BrokerConfig } from './broker-config.ts';
import { type ConfigDef, int, type Validator } from './config-def.ts';

/** What Kafka means by no limit. */
const UNLIMITED = 2147483647;
const clusterWide = { updateMode: 'cluster-wide' } as const;

/** Keys that `listener.name.NAME.` may stand before, for one listener. */
const ofListener = {
  'max.connections': int(UNLIMITED, { min: 0 }, 'Most connections of the listener at a time.', clusterWide),
  'max.connection.creation.rate': int(UNLIMITED, { min: 0 }, 'Most new connections a second.', clusterWide),
} as const;

const listenerKey = /^listener\.name\.([a-z0-9_]+)\.(.+)$/;

/** The definition of a key of one listener, as ks acts on it. */
export function listenerConfigDef(name: string): ConfigDef | undefined {
  const key = listenerKey.exec(name)?.[2] ?? '';
  return Object.hasOwn(ofListener, key) ? ofListener[key as keyof typeof ofListener] : undefined;
}

/** `address:count`, several with commas between them. */
export const connectionsPerIpText: Validator<string> = {
  allowed: 'addresses with their limits, such as `10.0.0.1:100,fe80::1:20`; names of hosts are not looked up',
  accepts: (text) => parseConnectionsPerIp(text) !== undefined,
};

/** max.connections.per.ip.overrides by address; undefined where the text is none. */
export function parseConnectionsPerIp(text: string): ReadonlyMap<string, number> | undefined {
  const overrides = new Map<string, number>();
  if (text.trim() === '') return overrides;
  for (const part of text.split(',')) {
    const match = /^\s*\[?([0-9a-fA-F.:]+?)\]?\s*:\s*(\d{1,10})\s*$/.exec(part);
    const [, address = '', digits = ''] = match ?? [];
    if (match === null || Number(digits) > UNLIMITED || !/[.:]/.test(address)) return undefined;
    overrides.set(address.toLowerCase(), Number(digits));
  }
  return overrides;
}

/** What one listener may have of its own. */
export interface ListenerLimits {
  readonly connectionsMax: number;
  readonly creationRateMax: number;
}

/** The limits of each listener by its name, by what reads a key's value in force. */
export function listenerLimits(
  { listeners }: Pick<BrokerConfig, 'listeners'>,
  valueInForce: (name: string, def: ConfigDef) => unknown,
): ReadonlyMap<string, ListenerLimits> {
  const limitOf = (listener: string, key: keyof typeof ofListener): number =>
    Number(valueInForce(`listener.name.${listener.toLowerCase()}.${key}`, ofListener[key]));
  return new Map(
    listeners.listeners.map(({ name }) => [
      name,
      {
        connectionsMax: limitOf(name, 'max.connections'),
        creationRateMax: limitOf(name, 'max.connection.creation.rate'),
      },
    ]),
  );
}
