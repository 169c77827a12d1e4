import { describe, expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { type ImportKind, importProfiles } from './import-profile.ts';

const from = (kind: ImportKind, text: string) => importProfiles(text, kind, 'file');

describe('clusters of other tools', () => {
  test('a Java client', () => {
    const text =
      '# ours\nbootstrap.servers = a:9092, \\\n  b:9092\nclient.id=alice\nsecurity.protocol=PLAINTEXT\ndefault.api.timeout.ms=1500\nlinger.ms=5\n';
    const values = { brokers: 'a:9092,b:9092', 'client.id': 'alice', timeout: '2' };
    expect(from('client.properties', text)).toEqual([{ name: undefined, values, isCurrent: true }]);
  });
  test('kcat', () => {
    const [found] = from('kcat', 'metadata.broker.list=a:9092\nsecurity.protocol=plaintext\n');
    expect(found?.values).toEqual({ brokers: 'a:9092' });
  });
  test('rpk', () => {
    const text =
      'current_profile: prod\nprofiles:\n  - name: local\n    kafka_api: { brokers: [127.0.0.1:9092] }\n  - name: prod\n    kafka_api:\n      brokers: [a:9092, b:9092]\n';
    expect(from('rpk', text)).toEqual([
      { name: 'local', values: { brokers: '127.0.0.1:9092' }, isCurrent: false },
      { name: 'prod', values: { brokers: 'a:9092,b:9092' }, isCurrent: true },
    ]);
  });
  test('kafkactl', () => {
    const text =
      'contexts:\n  default:\n    brokers: [localhost:9092]\n    tls: { enabled: false }\n  far:\n    brokers: [f:1]\ncurrent-context: far\n';
    expect(from('kafkactl', text).map(({ name, isCurrent }) => [name, isCurrent])).toEqual([
      ['default', false],
      ['far', true],
    ]);
  });
  test('kaf', () => {
    const text =
      'current-cluster: local\nclusters:\n- name: local\n  brokers: [localhost:9092]\n  SASL: null\n  TLS: null\n  security-protocol: ""\n';
    expect(from('kaf', text)).toEqual([{ name: 'local', values: { brokers: 'localhost:9092' }, isCurrent: true }]);
  });
  test.each([
    ['client.properties', 'sasl.mechanism=PLAIN'],
    ['client.properties', 'security.protocol=SSL'],
    ['client.properties', 'default.api.timeout.ms=soon'],
    ['kcat', 'security.protocol=sasl_ssl'],
    ['rpk', 'profiles: [{ name: a, kafka_api: { brokers: [b:1], tls: {} } }]'],
    ['kafkactl', 'contexts: { a: { brokers: [b:1], sasl: { enabled: true } } }'],
    ['kaf', 'clusters: [{ name: a, brokers: [b:1], TLS: { cafile: x } }]'],
    ['rpk', '{ not: [yaml'],
  ] as const)('%s: %s is refused, not left out in silence', (kind, text) => {
    expect(() => from(kind, text)).toThrow(CliError);
  });
});
