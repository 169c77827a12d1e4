import type { Scenario } from './scenario.ts';

export const migration: Scenario = {
  name: 'groups that change their protocol',
  async run(asker, tell) {
    const old = await asker.aloneClassic('x1');
    tell('a classic group', await asker.describe('x1'), await asker.describeConsumer('x1'), await asker.list('x1'));
    tell(
      'a member of the new protocol joins',
      (await asker.join('x1', 'new')).told,
      await asker.describeConsumer('x1'),
    );
    tell(
      'it is no classic group any more',
      await asker.describe('x1'),
      await asker.describe('x1', 5),
      await asker.list('x1'),
    );
    tell(
      'the old member hears it',
      await asker.heartbeat('x1', old),
      await asker.commit('x1', old.memberId, old.generation, { partitions: [0, 1, 2, 3] }),
    );
    tell('it syncs without joining', await asker.sync('x1', old));
    const joined = await asker.joinClassic('x1', old.memberId);
    tell('it joins again', joined.told, await asker.describeConsumer('x1'));
    tell('it syncs', await asker.sync('x1', joined.member), await asker.heartbeat('x1', joined.member));
    tell(
      'wrongly',
      await asker.sync('x1', joined.member, { protocolName: 'sticky' }),
      await asker.sync('x1', { ...joined.member, generation: 9 }),
      await asker.heartbeat('x1', { ...joined.member, generation: 9 }),
      await asker.heartbeat('x1', { memberId: 'x', generation: 2 }),
      await asker.heartbeat('x1', { memberId: 'new', generation: 2 }),
    );
    tell('the new one gets its share', (await asker.beat('x1', 'new', 2)).told, await asker.describeConsumer('x1'));
    tell(
      'commits of both',
      await asker.commit('x1', old.memberId, 2, { version: 8 }),
      await asker.commit('x1', 'new', 2),
      await asker.commit('x1', 'new', 2, { version: 8 }),
      await asker.commit('x1', old.memberId, 3),
    );
    tell('one more of the old protocol', (await asker.joinClassic('x1', '')).told);
    const other = { protocols: [{ name: 'sticky', metadata: new Uint8Array(6) }] };
    tell(
      'with another assignor, of another type',
      (await asker.joinClassic('x1', '', other)).told,
      (await asker.joinClassic('x1', '', { protocolType: 'connect' })).told,
    );
    tell(
      'the new one leaves',
      (await asker.beat('x1', 'new', -1)).told,
      await asker.describe('x1'),
      await asker.describeConsumer('x1'),
      await asker.list('x1'),
    );
    tell(
      'the old one goes on',
      await asker.heartbeat('x1', joined.member),
      (await asker.joinClassic('x1', old.memberId)).told,
    );
  },
};

export const refusedMigration: Scenario = {
  name: 'groups that give way, or do not',
  async run(asker, tell) {
    const connect = { protocolType: 'connect', protocols: [{ name: 'default', metadata: new Uint8Array(3) }] };
    await asker.aloneClassic('x2', connect);
    tell('workers of Connect', (await asker.join('x2', 'new')).told);
    await asker.aloneClassic('x3', { protocols: [{ name: 'range', metadata: new Uint8Array(1) }] });
    tell('subscriptions that are none', (await asker.join('x3', 'new')).told);
    const old = await asker.aloneClassic('x4');
    await asker.commit('x4', old.memberId, old.generation);
    await asker.leave('x4', [old]);
    tell('an empty classic group', (await asker.join('x4', 'new')).told, await asker.fetch('x4'));
    await asker.beat('x4', 'new', -1);
    const first = await asker.joinClassic('x4', '');
    tell(
      'an empty consumer group',
      (await asker.joinClassic('x4', first.member.memberId)).told,
      await asker.fetch('x4'),
      await asker.list('x4'),
    );
    await asker.commit('x5', '', -1);
    tell(
      'offsets without a group',
      await asker.list('x5'),
      await asker.describe('x5'),
      (await asker.join('x5', 'new')).told,
      await asker.fetch('x5'),
    );
  },
};

export const listing: Scenario = {
  name: 'lists of groups',
  async run(asker, tell) {
    await asker.join('l-consumer', 'a');
    await asker.aloneClassic('l-classic');
    await asker.commit('l-offsets', '', -1);
    tell('all', await asker.list('l-'));
    for (const types of [['consumer'], ['Classic'], ['share'], ['nonsense']])
      tell(`of type ${types}`, await asker.list('l-', { types }));
    for (const states of [['stable'], ['Empty'], ['Reconciling'], ['nonsense']])
      tell(`in state ${states}`, await asker.list('l-', { states }));
    tell('stable consumer groups', await asker.list('l-', { states: ['Stable'], types: ['consumer'] }));
  },
};
