import {
  AlterPartitionReassignments,
  CreateAcls,
  DeleteAcls,
  DescribeAcls,
  DescribeLogDirs,
  ElectLeaders,
  ListPartitionReassignments,
  UpdateFeatures,
} from '@ks/protocol';
import { type Scenario, words } from './scenario.ts';
import { create, idOf } from './topics.ts';

export const leaders: Scenario = {
  name: 'leaders and replicas',
  async run(wire, tell) {
    await create(wire, [{ name: 'led', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]);
    await idOf(wire, 'led');
    const elect = async (electionType: number, topicPartitions: { topic: string; partitions: number[] }[] | null) => {
      const answer = await wire.ask(ElectLeaders, 2, { electionType, topicPartitions, timeoutMs: 10_000 });
      const told = answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
        partitionResult.map(({ partitionId, errorCode }) => `${topic}-${partitionId} ${words(errorCode)}`),
      );
      return [words(answer.errorCode), ...told.sort()].join(', ');
    };
    const asked = [
      { topic: 'led', partitions: [0, 1, 7] },
      { topic: 'absent', partitions: [0] },
    ];
    tell('preferred', await elect(0, asked), await elect(0, null));
    tell('unclean', await elect(1, asked), await elect(1, null));
    const move = async (partitionIndex: number, replicas: number[] | null, name = 'led', mayChange = true) => {
      const topics = [{ name, partitions: [{ partitionIndex, replicas }] }];
      const body = { timeoutMs: 10_000, allowReplicationFactorChange: mayChange, topics };
      const answer = await wire.ask(AlterPartitionReassignments, 1, body);
      return [
        answer.errorCode,
        ...answer.responses.flatMap(({ partitions }) => partitions.map((each) => each.errorCode)),
      ]
        .map(words)
        .join('+');
    };
    tell('moved to where it is', await move(0, [1]), await move(0, [1], 'led', false));
    tell('moved elsewhere', await move(0, [9]), await move(0, [1, 9]), await move(0, [-1]));
    tell('moved nowhere, twice', await move(0, []), await move(0, [1, 1]));
    tell('not moved any more', await move(0, null));
    tell('what is not there', await move(7, [1]), await move(0, [1], 'absent'), await move(0, null, 'absent'));
    const list = async (topics: { name: string; partitionIndexes: number[] }[] | null) => {
      const answer = await wire.ask(ListPartitionReassignments, 0, { timeoutMs: 10_000, topics });
      return `${words(answer.errorCode)} ${answer.topics.length}`;
    };
    tell('being moved', await list(null), await list([{ name: 'absent', partitionIndexes: [0] }]), await list([]));
  },
};

export const directories: Scenario = {
  name: 'log directories',
  async run(wire, tell) {
    const describe = async (topics: { topic: string; partitions: number[] }[] | null) => {
      const { errorCode, results } = await wire.ask(DescribeLogDirs, 4, { topics });
      const told = results.map((each) => {
        const partitions = each.topics.flatMap(({ name, partitions: of }) =>
          of.map((one) => `${name}-${one.partitionIndex} ${one.offsetLag}`),
        );
        const room = each.totalBytes > 0 && each.usableBytes > 0 && each.usableBytes <= each.totalBytes;
        return `${words(each.errorCode)} ${room ? 'room' : 'no room'} ${partitions.sort().join(', ')}`;
      });
      return `${words(errorCode)} ${told.join('; ')}`;
    };
    tell(
      'some',
      await describe([
        { topic: 'led', partitions: [0, 1, 7] },
        { topic: 'absent', partitions: [0] },
      ]),
    );
    tell('none', await describe([]));
  },
};

export const features: Scenario = {
  name: 'features',
  async run(wire, tell) {
    const update = async (version: number, feature: string, level: number, kind: number, validateOnly = false) => {
      const how = version === 0 ? { allowDowngrade: kind !== 1 } : { upgradeType: kind };
      const featureUpdates = [{ feature, maxVersionLevel: level, ...how }];
      const body = { timeoutMs: 10_000, featureUpdates, ...(version === 0 ? {} : { validateOnly }) };
      const answer = await wire.ask(UpdateFeatures, version, body);
      return [answer.errorCode, ...answer.results.map(({ errorCode }) => errorCode)].map(words).join('+');
    };
    const [up, safely, unsafely] = [1, 2, 3];
    for (const version of [0, 1, 2]) {
      tell(`by version ${version}: as it is`, await update(version, 'group.version', 1, up));
      tell(
        `by version ${version}: unknown, too high, too low`,
        await update(version, 'no.such', 1, up),
        await update(version, 'group.version', 9, up),
        await update(version, 'group.version', -1, up),
      );
      tell(`by version ${version}: down as up`, await update(version, 'group.version', 0, up));
      tell(
        `by version ${version}: down and up`,
        await update(version, 'transaction.version', 1, safely),
        await update(version, 'transaction.version', 2, up),
      );
    }
    tell(
      'up as down',
      await update(2, 'transaction.version', 1, unsafely),
      await update(2, 'transaction.version', 2, safely),
      await update(2, 'transaction.version', 2, up),
    );
    tell('in an unknown way', await update(2, 'group.version', 0, 7), await update(2, 'group.version', 0, 0));
    tell('only validated', await update(2, 'group.version', 0, safely, true), await update(2, 'group.version', 1, up));
  },
};

export const access: Scenario = {
  name: 'access control without an authorizer',
  async run(wire, tell) {
    const filter = {
      resourceTypeFilter: 1,
      resourceNameFilter: null,
      patternTypeFilter: 1,
      principalFilter: null,
      hostFilter: null,
      operation: 1,
      permissionType: 1,
    };
    const entry = {
      resourceType: 2,
      resourceName: 't',
      resourcePatternType: 3,
      principal: 'User:a',
      host: '*',
      operation: 3,
      permissionType: 3,
    };
    const described = await wire.ask(DescribeAcls, 3, filter);
    const created = await wire.ask(CreateAcls, 3, { creations: [entry, entry] });
    const deleted = await wire.ask(DeleteAcls, 3, { filters: [filter] });
    tell('described', words(described.errorCode), described.resources.length);
    tell('created', ...created.results.map(({ errorCode }) => words(errorCode)));
    tell(
      'deleted',
      ...deleted.filterResults.map(({ errorCode, matchingAcls }) => `${words(errorCode)} ${matchingAcls.length}`),
    );
  },
};
