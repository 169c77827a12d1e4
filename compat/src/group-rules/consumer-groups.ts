import type { Scenario } from './scenario.ts';

export const refusals: Scenario = {
  name: 'heartbeats of the new protocol that are refused',
  async run(asker, tell) {
    const join = async (fields: object, memberId = 'a') => (await asker.join('c0', memberId, fields)).told;
    tell('no member id, by version 1 and 0', await join({}, ''), await join({ version: 0 }, ''));
    tell(
      'no member id later on',
      (await asker.beat('c0', '', 1)).told,
      (await asker.beat('c0', '', 1, { version: 0 })).told,
    );
    tell('no group id', (await asker.join('', 'a')).told);
    tell('an empty instance, an empty rack', await join({ instanceId: '' }), await join({ rackId: '' }));
    tell('no rebalance time-out', await join({ rebalanceTimeoutMs: -1 }));
    tell('a rebalance time-out of 0', (await asker.join('c0a', 'a', { rebalanceTimeoutMs: 0 })).told);
    tell('owning partitions, or not saying', await join({ owns: [1] }), await join({ topicPartitions: null }));
    tell('no subscription', await join({ subscribedTopicNames: null }));
    tell('an empty subscription', (await asker.join('c0b', 'a', { subscribedTopicNames: [] })).told);
    tell('an assignor of its own', await join({ serverAssignor: 'mine' }));
    tell('an epoch below all', (await asker.beat('c0', 'a', -3)).told);
    tell('leaving for a while without an instance', (await asker.beat('c0', 'a', -2)).told);
    for (const epoch of [1, -1]) tell(`an absent group, epoch ${epoch}`, (await asker.beat('c0x', 'a', epoch)).told);
    tell('an absent static member', (await asker.beat('c0x', 'a', -2, { instanceId: 'i' })).told);
    await asker.join('c0y', 'a');
    for (const epoch of [1, -1]) tell(`an absent member, epoch ${epoch}`, (await asker.beat('c0y', 'b', epoch)).told);
    for (const regex of ['(', 'a**', '(?=a)', '(a)\\1', '[b-a]', '\\y', 'a{1001}', '{2}'])
      tell(`the expression ${regex}`, await join({ subscribedTopicNames: null, subscribedTopicRegex: regex }));
  },
};

export const epochs: Scenario = {
  name: 'epochs of the new protocol',
  async run(asker, tell) {
    const all = [0, 1, 2, 3];
    const first = await asker.join('c1', 'a');
    const beatA = async (epoch: number, fields: object = {}) => (await asker.beat('c1', 'a', epoch, fields)).told;
    const described = () => asker.describeConsumer('c1');
    tell('the first', first.told, await described());
    tell('nothing new', await beatA(first.epoch));
    const everything = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], owns: all };
    tell('everything again', await beatA(first.epoch, everything));
    tell('joining again', (await asker.join('c1', 'a')).told);
    tell('a later epoch', await beatA(first.epoch + 1));
    const second = await asker.join('c1', 'b');
    const beatB = async (epoch: number, fields: object = {}) => (await asker.beat('c1', 'b', epoch, fields)).told;
    tell('the second', second.told, await described());
    const revoking = await asker.beat('c1', 'a', first.epoch);
    tell('the first is to give up', revoking.told, await described());
    tell('the second meanwhile', await beatB(second.epoch));
    tell('the first has not yet', await beatA(first.epoch, { owns: all }));
    const owns = revoking.partitions?.get('t') ?? [];
    tell('the first has', await beatA(first.epoch, { owns }));
    tell('it missed the answer', await beatA(first.epoch, { owns }));
    tell('it missed it and says nothing of what it owns', await beatA(first.epoch));
    tell('it missed it and owns more', await beatA(first.epoch, { owns: all }));
    tell('the second gets it', await beatB(second.epoch), await described());
    const other = await asker.beat('c1', 'b', second.epoch, { subscribedTopicNames: ['u'] });
    tell('other topics', other.told, await described());
    tell('the first gets all', await beatA(second.epoch));
    tell('it has given up', await beatB(other.epoch, { owns: [] }), await described());
    tell('the first gets the rest', await beatA(other.epoch + 1), await described());
    tell(
      'topics that are not there',
      await beatB(other.epoch + 1, { subscribedTopicNames: ['nowhere'] }),
      await described(),
    );
    tell('the second leaves', await beatB(-1), await described());
    tell('once more', await beatB(-1), await beatB(other.epoch + 1));
    tell('the first leaves', await beatA(-1), await described());
    tell('coming back', (await asker.join('c1', 'a')).told);
  },
};

export const staticMembers: Scenario = {
  name: 'static members of the new protocol',
  async run(asker, tell) {
    const asI = { instanceId: 'i' };
    const { told, epoch } = await asker.join('c2', 'a', asI);
    tell('joining', told);
    tell('another under the same instance', (await asker.join('c2', 'b', asI)).told);
    tell('the same once more', (await asker.join('c2', 'a', asI)).told);
    tell(
      'another’s heartbeat, good-bye',
      (await asker.beat('c2', 'b', epoch, asI)).told,
      (await asker.beat('c2', 'b', -1, asI)).told,
    );
    tell('an instance that nobody has', (await asker.beat('c2', 'a', epoch, { instanceId: 'j' })).told);
    tell('leaving for a while', (await asker.beat('c2', 'a', -2, asI)).told, await asker.describeConsumer('c2'));
    tell('a heartbeat after that', (await asker.beat('c2', 'a', epoch, asI)).told);
    tell('coming back as another', (await asker.join('c2', 'b', asI)).told, await asker.describeConsumer('c2'));
    tell('the former id', (await asker.beat('c2', 'a', epoch, asI)).told);
    tell('leaving for good', (await asker.beat('c2', 'b', -1, asI)).told, await asker.describeConsumer('c2'));
    await asker.join('c2', 'c', asI);
    tell(
      'put out by an admin',
      await asker.leave('c2', [{ memberId: '', groupInstanceId: 'i' }]),
      await asker.describeConsumer('c2'),
    );
  },
};

export const subscriptions: Scenario = {
  name: 'assignors and regular expressions',
  async run(asker, tell) {
    const byRange = { serverAssignor: 'range' };
    tell('asking for range', (await asker.join('c3', 'a', byRange)).told, await asker.describeConsumer('c3'));
    tell('two ask for nothing', (await asker.join('c3', 'b')).told, await asker.describeConsumer('c3'));
    const until = async (groupId: string, memberId: string, epoch: number, count: number): Promise<string> => {
      // Kafka looks for the topics beside: a later heartbeat tells.
      let beaten = await asker.beat(groupId, memberId, epoch);
      for (let tries = 0; tries < 100 && [...(beaten.partitions?.values() ?? [])].flat().length !== count; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        beaten = await asker.beat(groupId, memberId, beaten.epoch, {
          rebalanceTimeoutMs: 60_000,
          subscribedTopicNames: [],
          owns: beaten.partitions?.get('t') ?? [],
        });
      }
      return [...(beaten.partitions ?? [])]
        .map(([topic, each]) => `${topic}x${each.length}`)
        .sort()
        .join(' ');
    };
    const byRegex = (subscribedTopicRegex: string) => ({ subscribedTopicNames: [], subscribedTopicRegex });
    const first = await asker.join('c4', 'a', byRegex('t|u'));
    tell('an expression', await until('c4', 'a', first.epoch, 6));
    const second = await asker.join('c5', 'a', byRegex('(?i)[T]'));
    tell('one that does not care for case', await until('c5', 'a', second.epoch, 4));
  },
};

export const consumerOffsets: Scenario = {
  name: 'offsets of consumer groups',
  async run(asker, tell) {
    tell('of an absent group', await asker.fetch('c6'), await asker.fetch('c6', { memberId: 'a', epoch: 1 }));
    tell('committed by nobody in an absent group', await asker.commit('c6', '', -1));
    tell(
      'committed in an epoch of an absent group',
      await asker.commit('c6x', 'a', 1),
      await asker.commit('c6x', 'a', 1, { version: 8 }),
    );
    const { epoch } = await asker.join('c6', 'a');
    for (const version of [8, 9, 10])
      tell(`by the member, version ${version}`, await asker.commit('c6', 'a', epoch, { version, offset: version }));
    tell(
      'in a later epoch, by a stranger, by nobody',
      await asker.commit('c6', 'a', epoch + 1),
      await asker.commit('c6', 'b', epoch),
      await asker.commit('c6', '', -1),
    );
    tell(
      'a topic that is not there, by name and id',
      await asker.commit('c6', 'a', epoch, { topic: 'nowhere' }),
      await asker.commit('c6', 'a', epoch, { topic: 'nowhere', version: 10 }),
    );
    tell('a partition that is not there', await asker.commit('c6', 'a', epoch, { partitions: [0, 77] }));
    tell(
      'too much metadata',
      await asker.commit('c6', 'a', epoch, { metadata: 'x'.repeat(4097) }),
      await asker.commit('c6', 'a', epoch, { metadata: 'x'.repeat(4096) }),
    );
    for (const version of [7, 8, 9, 10])
      tell(`read by anyone, version ${version}`, await asker.fetch('c6', { version }));
    tell('all of them', await asker.fetch('c6', { all: true }), await asker.fetch('c6', { all: true, version: 10 }));
    tell(
      'read of a topic that is not there',
      await asker.fetch('c6', { topic: 'nowhere' }),
      await asker.fetch('c6', { topic: 'nowhere', version: 10 }),
    );
    tell(
      'read as a member',
      await asker.fetch('c6', { memberId: 'a', epoch }),
      await asker.fetch('c6', { memberId: 'a', epoch: epoch - 1 }),
      await asker.fetch('c6', { memberId: 'a', epoch: epoch + 1 }),
    );
    tell(
      'read as a stranger',
      await asker.fetch('c6', { memberId: 'b', epoch: 1 }),
      await asker.fetch('c6', { memberId: '', epoch: 1 }),
    );
    await asker.join('c6', 'b');
    const { partitions } = await asker.beat('c6', 'a', epoch);
    const kept = partitions?.get('t') ?? [];
    const given = [0, 1, 2, 3].filter((partition) => !kept.includes(partition));
    tell('while giving up', await asker.commit('c6', 'a', epoch, { partitions: [...kept, ...given] }));
    await asker.beat('c6', 'a', epoch, { owns: kept });
    tell(
      'under the epoch before: what it kept, what it gave up',
      await asker.commit('c6', 'a', epoch, { partitions: kept }),
      await asker.commit('c6', 'a', epoch, { partitions: given }),
    );
    await asker.beat('c6', 'b', epoch + 1);
    tell(
      'by the new owner',
      await asker.commit('c6', 'b', epoch + 1, { partitions: given }),
      await asker.commit('c6', 'b', epoch, { partitions: given }),
    );
    tell(
      'deleting them',
      await asker.deleteOffsets('c6', ['t', 'u', 'nowhere']),
      await asker.deleteOffsets('c6y', ['t']),
    );
    tell('deleting the group', await asker.deleteGroup('c6'), await asker.deleteGroup('c6y'));
    await asker.beat('c6', 'a', -1);
    await asker.beat('c6', 'b', -1);
    tell('by nobody when all have left', await asker.commit('c6', '', -1), await asker.commit('c6', 'a', epoch + 1));
    tell('deleting them then', await asker.deleteOffsets('c6', ['t']), await asker.fetch('c6'));
    tell(
      'deleting the group then',
      await asker.deleteGroup('c6'),
      await asker.describeConsumer('c6'),
      await asker.fetch('c6', { all: true }),
    );
  },
};
