import { describe, expect, test } from 'vitest';
import { ConfigError } from './broker-config.ts';
import { loadConfig } from './load-config.ts';

const fromFile = (contents: string) => loadConfig({ file: { name: 'server.properties', contents } });

// The keys of a combined-mode KRaft file as distributions of Kafka ship it.
const kraftFile = `
process.roles=broker,controller
node.id=7
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/var/lib/kafka/a,/var/lib/kafka/b
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
log.retention.hours=168
log.segment.bytes=1073741824
`;

describe('loadConfig', () => {
  test('a KRaft server.properties starts ks as it is', () => {
    const { config, warnings } = fromFile(kraftFile);
    expect(config.nodeId).toBe(7);
    expect(config.logDirs).toEqual(['/var/lib/kafka/a', '/var/lib/kafka/b']);
    expect(config.listeners.listeners).toEqual([{ name: 'PLAINTEXT', host: '', port: 9092 }]);
    expect(config.listeners.advertised).toEqual([{ name: 'PLAINTEXT', host: 'localhost', port: 9092 }]);
    expect(config.values['offsets.topic.replication.factor']).toBe(1);
    expect(warnings.filter((line) => line.startsWith('process.roles'))).toEqual([
      'process.roles has no effect: ks does without it or cannot do it yet',
    ]);
    expect(warnings.filter((line) => line.includes('unknown'))).toEqual([]);
    expect(warnings.some((line) => line.startsWith('listeners: CONTROLLER'))).toBe(true);
  });

  test('nothing at all gives the defaults', () => {
    const { config, warnings } = loadConfig({});
    expect(config.nodeId).toBe(1);
    expect(config.logDirs).toEqual(['./data']);
    expect(config.explicit.size).toBe(0);
    expect(warnings).toEqual([]);
  });

  test('flags win over the environment, that over the file, that over the default', () => {
    const file = { name: 'f', contents: 'num.partitions=2\nlog.segment.bytes=2000000\nlog.retention.hours=1' };
    const environment = { KS_NUM_PARTITIONS: '3', KS_LOG_SEGMENT_BYTES: '3000000', NUM_PARTITIONS: '9' };
    const { config } = loadConfig({ file, environment, flags: new Map([['num.partitions', '4']]) });
    expect(config.values['num.partitions']).toBe(4);
    expect(config.values['log.segment.bytes']).toBe(3000000);
    expect(config.values['log.retention.hours']).toBe(1);
    expect(config.values['message.max.bytes']).toBe(1048588);
  });

  test('an older broker.id names the node', () => {
    expect(fromFile('broker.id=4').config.nodeId).toBe(4);
  });

  test('unknown keys warn, also from the environment', () => {
    expect(fromFile('log.segment.bites=1').warnings).toEqual(['log.segment.bites is unknown and has no effect']);
    expect(loadConfig({ environment: { KS_LOG_SEGMENT_BITES: '1' } }).warnings).toEqual([
      'environment variable KS_LOG_SEGMENT_BITES is no known key and has no effect',
    ]);
    expect(loadConfig({ environment: { KS_TAIL_BYTES: '2097152' } }).config.values['ks.tail.bytes']).toBe(2097152);
  });

  test.each([
    ['num.partitions=0', 'num.partitions: "0" is not allowed; allowed: a whole number (int), at least 1'],
    ['listeners=SSL://:9092', 'listeners: SSL speaks SSL, which ks cannot yet; allowed: PLAINTEXT'],
    ['listeners=:9092', 'listeners: ":9092" is not allowed; allowed: NAME://host:port, ...'],
    ['listeners=PLAINTEXT://:99999', 'listeners: "PLAINTEXT://:99999" is not allowed; allowed: NAME://host:port, ...'],
    ['listeners=PLAINTEXT://:1,PLAINTEXT://:2', 'listeners: PLAINTEXT is named twice'],
    ['listeners=X://:1', 'listener.security.protocol.map: X of listeners is not in it; allowed: NAME:PLAINTEXT, ...'],
    ['advertised.listeners=X://a:1', 'advertised.listeners: X is not one of listeners'],
    ['log.dirs=', 'log.dirs: at least one directory is needed'],
    ['a=\\u12', 'server.properties, line 1: malformed \\uXXXX escape'],
    ['node.id=1\nbroker.id=2', 'broker.id: must equal node.id or be absent'],
  ])('%j is refused in one line', (contents, message) => {
    expect(() => fromFile(contents)).toThrow(new ConfigError([message]));
  });
});
