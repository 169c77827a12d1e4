import { AlterConfigs, IncrementalAlterConfigs, ListConfigResources } from '@ks/protocol';
import { type Changes, Configs, types } from './config-requests.ts';
import { type Scenario, words } from './scenario.ts';
import { create, idOf } from './topics.ts';

export const topicConfigs: Scenario = {
  name: 'configurations of topics',
  async run(wire, tell) {
    const configs = new Configs(wire);
    await create(wire, [{ name: 'cfg', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]);
    await idOf(wire, 'cfg');
    // What eligible leader replicas have Apache Kafka set by itself.
    for (const line of await configs.all('topic', 'cfg', ['min.insync.replicas'])) tell(line);
    const alter = (changes: Changes, validateOnly = false) => configs.alter('topic', 'cfg', changes, validateOnly);
    tell(
      'set',
      await alter({ 'retention.ms': '1000', 'segment.bytes': '2000000' }),
      await configs.shown('topic', 'cfg', 'retention.ms', '1000'),
    );
    tell('only validated', await alter({ 'retention.ms': '5' }, true), await alter({ 'retention.ms': 'x' }, true));
    tell('and not changed', await configs.shown('topic', 'cfg', 'retention.ms'));
    for (const value of ['x', '', null, '-2', '-1', '+7', '1e3', ' 9 ', '9223372036854775808']) {
      const change = value === '+7' ? { 'retention.ms': ' +7' } : { 'retention.ms': value };
      tell(`retention.ms=${value}`, await alter(change));
    }
    for (const [key, value] of [
      ...[
        ['no.such', '1'],
        ['no.such', undefined],
        ['segment.bytes', '1000'],
        ['compression.type', 'none'],
      ],
      ...[
        ['message.timestamp.type', 'createtime'],
        ['min.cleanable.dirty.ratio', '1.5'],
        ['preallocate', 'yes'],
      ],
      ...[
        ['remote.storage.enable', 'true'],
        ['local.retention.ms', '99999999999'],
        ['compression.gzip.level', '0'],
      ],
      ...[
        ['leader.replication.throttled.replicas', '0:1,x'],
        ['leader.replication.throttled.replicas', '*'],
      ],
      ...[
        ['max.decompressed.message.bytes', '10'],
        ['min.insync.replicas', '3'],
        ['min.insync.replicas', undefined],
      ],
    ] as [string, string | undefined][]) {
      tell(`${key}=${value}`, await alter({ [key]: value }));
    }
    tell('against each other', await alter({ 'max.compaction.lag.ms': '5', 'min.compaction.lag.ms': '10' }));
    const policy = async (value: string | undefined, then: string) => {
      const told = await alter({ 'cleanup.policy': value });
      return `${told} ${await configs.shown('topic', 'cfg', 'cleanup.policy', then)}`;
    };
    tell('appended', await policy('+compact', 'delete,compact'), await policy('+delete', 'delete,compact'));
    tell('subtracted', await policy('-delete', 'compact'), await policy('-compact', ''));
    tell(
      'given twice and spaced',
      await alter({ 'cleanup.policy': 'compact,compact' }),
      await policy(' compact, delete', 'compact,delete'),
    );
    tell('taken away', await policy(undefined, 'delete'));
    tell(
      'appended to no list, to an unknown key',
      await alter({ 'retention.ms': '+7' }),
      await alter({ 'no.such': '+7' }),
    );
    tell(
      'all or nothing',
      await alter({ 'flush.ms': '77', 'retention.ms': 'x' }),
      await configs.shown('topic', 'cfg', 'flush.ms'),
    );
    tell('nothing', await alter({}));
    for (const name of ['absent', 'a/b', ''])
      tell(`of the topic ${name}`, await configs.alter('topic', name, { 'flush.ms': '5' }));
    for (const name of ['absent', 'a/b'])
      tell(`shown of the topic ${name}`, await configs.shown('topic', name, 'flush.ms'));
    const twice = [0, 1].map(() => ({ name: 'flush.ms', configOperation: 0, value: '5' }));
    const resource = { resourceType: types.topic, resourceName: 'cfg', configs: twice };
    const keys = await wire.ask(IncrementalAlterConfigs, 1, { resources: [resource], validateOnly: false });
    const single = { ...resource, configs: twice.slice(1) };
    const both = await wire.ask(IncrementalAlterConfigs, 1, { resources: [single, single], validateOnly: false });
    tell(
      'a key twice, a topic twice',
      words(keys.responses[0]?.errorCode),
      ...both.responses.map((each) => words(each.errorCode)),
    );
    const replaced = { resourceType: types.topic, resourceName: 'cfg', configs: [{ name: 'flush.ms', value: '88' }] };
    const legacy = await wire.ask(AlterConfigs, 2, { resources: [replaced], validateOnly: false });
    tell(
      'replaced',
      words(legacy.responses[0]?.errorCode),
      await configs.shown('topic', 'cfg', 'flush.ms', '88'),
      await configs.shown('topic', 'cfg', 'segment.bytes'),
    );
  },
};

export const brokerConfigs: Scenario = {
  name: 'configurations of brokers',
  async run(wire, tell) {
    const configs = new Configs(wire);
    const both = async (own: string | undefined, shared: string | undefined, then: string) => {
      const told = [
        await configs.alter('broker', '', { 'log.retention.ms': shared }),
        await configs.alter('broker', '1', { 'log.retention.ms': own }),
      ];
      return `${told} ${await configs.shown('topic', 'cfg', 'retention.ms', then)}`;
    };
    tell('one and all', await both('1234567', '7654321', '1234567'));
    tell(
      'of one, of all',
      await configs.shown('broker', '1', 'log.retention.ms'),
      await configs.shown('broker', '', 'log.retention.ms'),
    );
    tell('all alone', await both(undefined, '7654321', '7654321'));
    tell('none', await both(undefined, undefined, '604800000'));
    for (const [key, value] of [
      ...[
        ['log.retention.hours', '5'],
        ['node.id', '5'],
        ['message.max.bytes', 'x'],
        ['message.max.bytes', '-1'],
      ],
      ...[
        ['message.max.bytes', null],
        ['leader.replication.throttled.rate', '1000'],
      ],
      ...[['leader.replication.throttled.rate', undefined]],
    ] as [string, string | null | undefined][]) {
      tell(`${key}=${value}`, await configs.alter('broker', '1', { [key]: value }));
    }
    tell('only validated', await configs.alter('broker', '1', { 'message.max.bytes': '5' }, true));
    tell(
      'of another broker, of no broker',
      await configs.alter('broker', '7', {}),
      await configs.alter('broker', 'x', {}),
    );
    tell('listeners of all', await configs.alter('broker', '', { listeners: 'PLAINTEXT://:9' }));
    tell('shown of another broker', await configs.shown('broker', '7', 'node.id'));
    const level = (value: string | undefined, logger = 'root', validateOnly = false) =>
      configs.alter('logger', '1', { [logger]: value }, validateOnly);
    tell('a level', await level('DEBUG'), await configs.shown('logger', '1', 'root'));
    tell('wrong levels', await level('LOUD'), await level('debug'), await level(undefined), await level('+DEBUG'));
    tell('unknown loggers', await level('INFO', 'absent'), await level(undefined, 'absent'));
    tell('a level only validated', await level('INFO', 'root', true), await configs.shown('logger', '1', 'root'));
    tell('and back', await level('ERROR'));
    tell('of an unknown type', await configs.alter('other', 'x', {}), await configs.shown('other', 'x', 'y'));
  },
};

export const groupConfigs: Scenario = {
  name: 'configurations of groups and client metrics',
  async run(wire, tell) {
    const configs = new Configs(wire);
    for (const line of await configs.all('group', 'none')) tell(line);
    for (const line of await configs.all('metrics', 'none')) tell(line);
    const group = (changes: Changes) => configs.alter('group', 'g', changes);
    tell(
      'set',
      await group({ 'consumer.session.timeout.ms': '50000' }),
      await configs.shown('group', 'g', 'consumer.session.timeout.ms', '50000'),
    );
    for (const kind of ['consumer', 'share', 'streams']) {
      for (const [key, value] of [
        ...[
          ['session.timeout.ms', '44999'],
          ['session.timeout.ms', '60001'],
          ['session.timeout.ms', '60000'],
        ],
        ...[
          ['heartbeat.interval.ms', '4999'],
          ['heartbeat.interval.ms', '15001'],
          ['heartbeat.interval.ms', '15000'],
        ],
        ...[
          ['assignment.interval.ms', '15001'],
          ['assignment.interval.ms', '-1'],
          ['assignment.interval.ms', '0'],
        ],
      ] as [string, string][]) {
        tell(`${kind}.${key}=${value}`, await group({ [`${kind}.${key}`]: value }));
      }
    }
    for (const [key, value] of [
      ...[
        ['no.such', '1'],
        ['share.auto.offset.reset', 'by_duration:PT1H'],
        ['share.auto.offset.reset', 'by_duration:x'],
      ],
      ...[
        ['share.auto.offset.reset', 'none'],
        ['share.isolation.level', 'read_committed'],
        ['share.isolation.level', 'x'],
      ],
      ...[
        ['share.record.lock.duration.ms', '14999'],
        ['share.record.lock.duration.ms', '60001'],
      ],
      ...[
        ['share.delivery.count.limit', '1'],
        ['share.delivery.count.limit', '11'],
      ],
      ...[
        ['share.partition.max.record.locks', '99'],
        ['share.partition.max.record.locks', '4001'],
      ],
      ...[
        ['streams.num.standby.replicas', '3'],
        ['streams.num.standby.replicas', '2'],
        ['streams.assignor.name', 'x'],
      ],
      ...[
        ['errors.deadletterqueue.topic.name', '__x'],
        ['errors.deadletterqueue.topic.name', 'x'],
      ],
      ...[
        ['streams.rack.aware.assignment.tags', 'a,b'],
        ['streams.rack.aware.assignment.tags', '+c'],
      ],
    ] as [string, string][]) {
      tell(`${key}=${value}`, await group({ [key]: value }));
    }
    tell(
      'without a name',
      await configs.alter('group', '', { 'consumer.session.timeout.ms': '50000' }),
      await configs.alter('metrics', '', { 'interval.ms': '1000' }),
    );
    const metrics = (changes: Changes) => configs.alter('metrics', 'm', changes);
    tell(
      'metrics',
      await metrics({ 'interval.ms': '60000', metrics: 'a.b,c', match: 'client_id=.*,client_source_port=12' }),
    );
    for (const [key, value] of [
      ['interval.ms', '60000'],
      ['metrics', 'a.b,c'],
      ['match', 'client_id=.*,client_source_port=12'],
    ] as const) {
      tell(`shown ${key}`, await configs.shown('metrics', 'm', key, value));
    }
    for (const [key, value] of [
      ...[
        ['interval.ms', '99'],
        ['interval.ms', '3600001'],
        ['interval.ms', '3600000'],
        ['match', 'other=1'],
      ],
      ...[
        ['match', 'client_id=['],
        ['match', 'client_id'],
        ['no.such', '1'],
        ['metrics', '+d'],
      ],
    ] as [string, string][]) {
      tell(`${key}=${value}`, await metrics({ [key]: value }));
    }
    const list = async (version: number, resourceTypes: number[]) => {
      const body = version === 0 ? {} : { resourceTypes };
      const { errorCode, configResources } = await wire.ask(ListConfigResources, version, {
        resourceTypes: [],
        ...body,
      });
      const names = configResources.map(({ resourceType, resourceName }) => `${resourceType} ${resourceName}`);
      return [words(errorCode), ...names.sort()].join(', ');
    };
    tell(
      'listed',
      await list(0, []),
      await list(1, [types.group, types.metrics, types.broker, types.logger]),
      await list(1, [7]),
    );
  },
};
