import type { Scenario } from './scenario.ts';

/** Under `group.max.size=2` and `group.consumer.max.size=2`. */
export const sizes: Scenario = {
  name: 'groups that are full',
  async run(asker, tell, other) {
    await asker.join('f1', 'a');
    const { epoch } = await asker.join('f1', 'b', { instanceId: 'i' });
    tell('a third', (await asker.join('f1', 'c')).told, (await asker.joinClassic('f1', '')).told);
    tell('one that is in, again', (await asker.join('f1', 'a')).told);
    tell(
      'another in the place of a static one',
      (await asker.beat('f1', 'b', -2, { instanceId: 'i' })).told,
      (await asker.join('f1', 'c', { instanceId: 'i' })).told,
    );
    tell('a member that is not in', (await asker.beat('f1', 'x', epoch)).told);
    const ids = [await asker.joinClassic('f2', ''), await other.joinClassic('f2', '')].map(
      (each) => each.member.memberId,
    );
    const both = await Promise.all([asker.joinClassic('f2', ids[0] ?? ''), other.joinClassic('f2', ids[1] ?? '')]);
    tell('two of a classic group', ...both.map(({ told }) => told).sort());
    tell(
      'a third of a classic group',
      (await asker.joinClassic('f2', '')).told,
      (await asker.joinClassic('f2', 'x')).told,
    );
    await asker.sync('f2', (both.find(({ isLeader }) => isLeader) ?? both[0]).member, { assigns: ids });
    tell(
      'a third by version 3',
      (await asker.joinClassic('f2', '', { version: 3 })).told,
      (await asker.join('f2', 'new')).told,
      await asker.describe('f2'),
    );
  },
};

/** Under any `group.consumer.migration.policy`. */
export const policies: Scenario = {
  name: 'the migration policy',
  async run(asker, tell) {
    await asker.aloneClassic('p1');
    tell('up', (await asker.join('p1', 'new')).told, await asker.list('p1'));
    await asker.join('p2', 'new');
    const first = await asker.joinClassic('p2', '');
    tell('a classic client in a consumer group', first.told);
    const joined = await asker.joinClassic('p2', first.member.memberId);
    tell('it comes back', joined.told);
    tell('down', (await asker.beat('p2', 'new', -1)).told, await asker.list('p2'));
    await asker.join('p3', 'new', { instanceId: 'i' });
    tell(
      'a classic client takes a static member’s place',
      (await asker.joinClassic('p3', '', { groupInstanceId: 'i' })).told,
      await asker.list('p3'),
      await asker.describe('p3'),
    );
    await asker.join('p4', 'new');
    await asker.beat('p4', 'new', -1);
    const empty = await asker.joinClassic('p4', '');
    tell(
      'an empty consumer group',
      empty.told,
      (await asker.joinClassic('p4', empty.member.memberId)).told,
      await asker.list('p4'),
    );
    const alone = await asker.aloneClassic('p5');
    await asker.leave('p5', [alone]);
    tell('an empty classic group', (await asker.join('p5', 'new')).told, await asker.list('p5'));
  },
};
