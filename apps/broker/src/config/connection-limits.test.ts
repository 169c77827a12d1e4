import { describe, expect, test } from 'vitest';
import { connectionCounts } from '../server/server-limits.ts';
import { brokerConfigFault } from './dynamic-broker-config.ts';
import { parseConnectionsPerIp } from './connection-limits.ts';
import { loadConfig } from './load-config.ts';

const configured = (text: string) => {
  const { config, warnings } = loadConfig({ file: { name: 'server.properties', contents: text } });
  return { config, warnings };
};

describe('limits of connections', () => {
  test('are read by address, IPv6 too, and refused where they are none', () => {
    expect(parseConnectionsPerIp(' 10.0.0.1:5, [fe80::1]:7,2001:DB8::2:0')).toEqual(
      new Map([
        ['10.0.0.1', 5],
        ['fe80::1', 7],
        ['2001:db8::2', 0],
      ]),
    );
    expect(parseConnectionsPerIp('')).toEqual(new Map());
    for (const text of ['10.0.0.1', 'host:5', '10.0.0.1:-1', '10.0.0.1:99999999999', ',']) {
      expect(parseConnectionsPerIp(text)).toBeUndefined();
      const contents = `max.connections.per.ip.overrides=${text}`;
      expect(() => configured(contents)).toThrow('names of hosts are not looked up');
    }
  });

  test('of a broker, a listener and an address; what was changed since the start wins; the system has the last word', () => {
    const { config, warnings } = configured(`
      listeners=PLAINTEXT://:0,INTERNAL://:0
      listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT
      inter.broker.listener.name=INTERNAL
      max.connections=100
      max.connections.per.ip=10
      max.connections.per.ip.overrides=10.0.0.1:50
      max.connection.creation.rate=20
      listener.name.plaintext.max.connections=80
      listener.name.plaintext.max.connection.creation.rate=15`);
    expect(warnings).toEqual([]);
    const dynamicDefault = new Map([
      ['max.connections', '200'],
      ['listener.name.plaintext.max.connections', '5'],
      ['max.connections.per.ip.overrides', '10.0.0.2:1'],
    ]);
    expect(connectionCounts({ config }, 90)).toMatchObject({
      ...{ connectionsMax: 90, connectionsPerIpMax: 10, creationRateMax: 20 },
      perIpOverrides: new Map([['10.0.0.1', 50]]),
    });
    const changed = connectionCounts({ config, dynamicDefault }, 10_000);
    expect(changed.connectionsMax).toBe(200);
    expect(changed.perIpOverrides).toEqual(new Map([['10.0.0.2', 1]]));
    expect(changed.byListener.get('PLAINTEXT')).toEqual({ connectionsMax: 5, creationRateMax: 15 });
    expect(changed.byListener.get('INTERNAL')).toEqual({ connectionsMax: 2147483647, creationRateMax: 2147483647 });
  });

  test('may be changed while brokers run, to what they may be', () => {
    expect(brokerConfigFault('max.connections.per.ip.overrides', '10.0.0.1:5', true)).toBeUndefined();
    expect(brokerConfigFault('max.connection.creation.rate', '5', true)).toBeUndefined();
    expect(brokerConfigFault('listener.name.internal.max.connections', '5', true)).toBeUndefined();
    expect(brokerConfigFault('listener.name.internal.max.connections', '-5', true)).toContain('at least 0');
    expect(brokerConfigFault('listener.name.internal.ssl.keystore.type', 'x', true)).toContain('no such broker config');
  });
});
