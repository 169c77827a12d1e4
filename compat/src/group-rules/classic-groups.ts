import { subscriptionTo } from './consumer-bytes.ts';
import type { Scenario } from './scenario.ts';

export const joining: Scenario = {
  name: 'joining a classic group',
  async run(asker, tell) {
    for (const version of [0, 3, 4, 5, 6, 7, 9]) {
      const known = { version, ...(version < 5 ? { groupInstanceId: undefined } : {}) };
      const { told } = await asker.joinClassic(`k0-${version}`, '', known as object);
      tell(`first, version ${version}`, told);
    }
    tell('no group id', (await asker.joinClassic('', '')).told);
    tell(
      'sessions out of bounds',
      (await asker.joinClassic('k0', '', { sessionTimeoutMs: 5999 })).told,
      (await asker.joinClassic('k0', '', { sessionTimeoutMs: 1_800_001 })).told,
    );
    tell('an unknown member id', (await asker.joinClassic('k0', 'x')).told);
    tell(
      'no protocol, no type',
      (await asker.joinClassic('k0', '', { protocols: [] })).told,
      (await asker.joinClassic('k0', '', { protocolType: '' })).told,
    );
    const { member } = await asker.joinClassic('k1', '');
    const joined = await asker.joinClassic('k1', member.memberId);
    tell('with the id it was given', joined.told);
    tell('described while the leader assigns', await asker.describe('k1'), await asker.describeConsumer('k1'));
    tell('once more', (await asker.joinClassic('k1', member.memberId)).told);
    const other = { protocols: [{ name: 'sticky', metadata: subscriptionTo(['t']) }] };
    tell(
      'another protocol, another type',
      (await asker.joinClassic('k1', '', other)).told,
      (await asker.joinClassic('k1', '', { protocolType: 'connect' })).told,
    );
    tell(
      'a stranger',
      (await asker.joinClassic('k1', 'x')).told,
      (await asker.joinClassic('k1', 'x', { groupInstanceId: 'i' })).told,
    );
    tell('syncing', await asker.sync('k1', joined.member, { assigns: [member.memberId] }), await asker.describe('k1'));
    tell('joining a stable group again, as its leader', (await asker.joinClassic('k1', member.memberId)).told);
  },
};

export const serving: Scenario = {
  name: 'members of a classic group',
  async run(asker, tell) {
    const nobody = { memberId: 'x', generation: 1 };
    tell(
      'an absent group',
      await asker.heartbeat('k2', nobody),
      await asker.sync('k2', nobody),
      await asker.leave('k2', [nobody]),
      await asker.describe('k2'),
      await asker.describe('k2', 5),
    );
    const first = await asker.joinClassic('k2', '');
    const { member } = await asker.joinClassic('k2', first.member.memberId);
    const later = { ...member, generation: member.generation + 1 };
    tell(
      'before it syncs',
      await asker.heartbeat('k2', member),
      await asker.commit('k2', member.memberId, member.generation),
    );
    tell(
      'a stranger, a later generation, another instance',
      await asker.heartbeat('k2', nobody),
      await asker.heartbeat('k2', later),
      await asker.heartbeat('k2', member, 'i'),
    );
    tell(
      'syncing wrongly',
      await asker.sync('k2', nobody),
      await asker.sync('k2', later),
      await asker.sync('k2', member, { protocolName: 'sticky' }),
      await asker.sync('k2', member, { protocolType: 'connect' }),
      await asker.sync('k2', member, { protocolName: null }),
    );
    tell('syncing', await asker.sync('k2', member, { assigns: [member.memberId] }));
    tell('again', await asker.sync('k2', member), await asker.heartbeat('k2', member));
    for (const version of [2, 5, 8, 9, 10])
      tell(
        `committing, version ${version}`,
        await asker.commit('k2', member.memberId, member.generation, { version, offset: version }),
      );
    tell(
      'committing wrongly',
      await asker.commit('k2', 'x', 1),
      await asker.commit('k2', member.memberId, 9),
      await asker.commit('k2', '', -1),
      await asker.commit('k2', member.memberId, member.generation, { groupInstanceId: 'i' }),
      await asker.commit('k2', '', 1),
    );
    for (const version of [1, 2, 5, 7, 8, 10])
      tell(`reading, version ${version}`, await asker.fetch('k2', { version }));
    tell(
      'reading as a member',
      await asker.fetch('k2', { memberId: member.memberId, epoch: member.generation }),
      await asker.fetch('k2', { memberId: 'x', epoch: 9 }),
    );
    tell('deleting', await asker.deleteGroup('k2'), await asker.deleteOffsets('k2', ['t', 'u']));
    tell(
      'leaving wrongly',
      await asker.leave('k2', [nobody]),
      await asker.leave('k2', [{ memberId: member.memberId, groupInstanceId: 'i' }]),
      await asker.leave('k2', [{ memberId: '' }]),
    );
    tell('leaving', await asker.leave('k2', [member, member]), await asker.describe('k2'));
    tell(
      'after that',
      await asker.heartbeat('k2', member),
      await asker.sync('k2', member),
      await asker.commit('k2', member.memberId, member.generation),
      await asker.commit('k2', '', -1),
    );
    tell(
      'deleting then',
      await asker.deleteOffsets('k2', ['t']),
      await asker.deleteGroup('k2'),
      await asker.deleteGroup('k2'),
      await asker.describe('k2'),
    );
    const connect = { protocolType: 'connect', protocols: [{ name: 'default', metadata: new Uint8Array(3) }] };
    const worker = await asker.joinClassic('k3', (await asker.joinClassic('k3', '', connect)).member.memberId, connect);
    tell('workers of Connect', worker.told, await asker.deleteOffsets('k3', ['t']), await asker.list('k3'));
  },
};

export const classicStatics: Scenario = {
  name: 'static members of a classic group',
  async run(asker, tell) {
    const asI = { groupInstanceId: 'i' };
    const first = await asker.joinClassic('k4', '', asI);
    tell('joining', first.told);
    tell('syncing', await asker.sync('k4', first.member, { assigns: [first.member.memberId], ...asI }));
    const second = await asker.joinClassic('k4', '', asI);
    tell('coming back', second.told, await asker.sync('k4', second.member, asI));
    const older = await asker.joinClassic('k4', '', { ...asI, version: 8 });
    tell('coming back by version 8', older.told, await asker.sync('k4', older.member, asI));
    tell(
      'the former id',
      await asker.heartbeat('k4', first.member, 'i'),
      await asker.sync('k4', first.member, asI),
      (await asker.joinClassic('k4', first.member.memberId, asI)).told,
      await asker.commit('k4', first.member.memberId, 1, asI),
    );
    tell(
      'without the instance',
      await asker.heartbeat('k4', older.member),
      await asker.commit('k4', older.member.memberId, 1),
    );
    tell('an instance that nobody has', await asker.heartbeat('k4', older.member, 'j'));
    tell('leaving as the former', await asker.leave('k4', [{ memberId: first.member.memberId, ...asI }]));
    tell(
      'put out by an admin',
      await asker.leave('k4', [
        { memberId: '', groupInstanceId: 'j' },
        { memberId: '', ...asI },
      ]),
      await asker.describe('k4'),
    );
  },
};

export const rebalancing: Scenario = {
  name: 'two members of a classic group',
  async run(asker, tell, other) {
    const ids = [await asker.joinClassic('k5', ''), await other.joinClassic('k5', '')].map(
      (each) => each.member.memberId,
    );
    const [a = '', b = ''] = ids;
    tell('it waits for the second', await asker.describe('k5'));
    const both = await Promise.all([asker.joinClassic('k5', a), other.joinClassic('k5', b)]);
    // Which of the two comes first is chance.
    tell('both join', ...both.map(({ told }) => told).sort());
    const [leader = both[0], follower = both[1]] = both[0].isLeader ? both : [both[1], both[0]];
    const [leads, follows] = both[0].isLeader ? [asker, other] : [other, asker];
    const waiting = follows.sync('k5', follower.member);
    tell('described meanwhile', await leads.describe('k5'));
    tell('the leader assigns', await leads.sync('k5', leader.member, { assigns: ids }), await waiting);
    tell('well', await leads.heartbeat('k5', leader.member), await follows.heartbeat('k5', follower.member));
    tell('the follower joins again with the same', (await follows.joinClassic('k5', follower.member.memberId)).told);
    const rejoining = leads.joinClassic('k5', leader.member.memberId);
    await until(async () => (await follows.describe('k5')).startsWith('PreparingRebalance'));
    tell(
      'the leader joins again: the follower meanwhile',
      await follows.heartbeat('k5', follower.member),
      await follows.sync('k5', follower.member),
      await follows.commit('k5', follower.member.memberId, follower.member.generation),
    );
    tell('the follower leaves', await follows.leave('k5', [follower.member]), (await rejoining).told);
    const alone = { ...leader.member, generation: leader.member.generation + 1 };
    tell(
      'the leader is alone',
      await leads.sync('k5', alone, { assigns: [alone.memberId] }),
      await leads.describe('k5'),
    );
    tell(
      'under the generation before',
      await leads.heartbeat('k5', leader.member),
      await leads.commit('k5', leader.member.memberId, leader.member.generation),
    );
  },
};

export const protocols: Scenario = {
  name: 'the protocol of a classic group',
  async run(asker, tell, other) {
    const named = (...names: readonly string[]) => ({
      protocols: names.map((name) => ({ name, metadata: subscriptionTo(['t']) })),
    });
    const a = (await asker.joinClassic('k6', '', named('range', 'sticky'))).member.memberId;
    const b = (await other.joinClassic('k6', '', named('sticky', 'range'))).member.memberId;
    const both = await Promise.all([
      asker.joinClassic('k6', a, named('roundrobin', 'sticky', 'range')),
      other.joinClassic('k6', b, named('sticky', 'range')),
    ]);
    tell('the one that both know and one prefers', ...both.map(({ told }) => told).sort());
    tell('one that only one knows', (await asker.joinClassic('k6', '', named('roundrobin'))).told);
    tell('one that both know', (await asker.joinClassic('k6', '', named('range'))).told);
  },
};

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('what is waited for does not come');
}
