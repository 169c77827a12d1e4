import { DeleteGroups, errorByCode, JoinGroup, LeaveGroup, SyncGroup } from '@ks/protocol';
import { TOPIC } from './asker.ts';
import { at, named, other, type Scenario } from './scenario.ts';

export const offsets: Scenario = {
  name: 'offsets',
  async run(asker, tell) {
    await asker.init('o1');
    const { producer } = await asker.init('o1');
    for (const version of [0, 1, 2, 3, 4])
      tell(`adding in a later epoch, by version ${version}`, await asker.addOffsets(at(producer, 7), 'og', version));
    for (const version of [0, 2, 3, 4])
      tell(
        `committing what was not added, by version ${version}`,
        await asker.commitOffset(producer, 'og', 5, { version }),
      );
    tell(
      'in a later epoch, as another, as nobody',
      await asker.commitOffset(at(producer, 7), 'og', 5, { version: 5 }),
      await asker.commitOffset(other(producer), 'og', 5, { version: 5 }),
      await asker.commitOffset(named(producer, 'nobody'), 'og', 5, { version: 5 }),
    );
    tell('adding', await asker.addOffsets(producer, 'og'));
    tell('committing', await asker.commitOffset(producer, 'og', 5), await asker.offset('og'));
    tell(
      'for an absent topic, an absent partition',
      await asker.commitOffset(producer, 'og', 5, { topic: 'absent' }),
      await asker.commitOffset(producer, 'og', 5, { partition: 9 }),
    );
    const topicId = await asker.topicId(TOPIC);
    tell(
      'by topic id, by an unknown one',
      await asker.commitOffset(producer, 'og', 5, { version: 6, topicId }),
      await asker.commitOffset(producer, 'og', 5, { version: 6, topicId: 'AAAAAAAAAAAAAAAAAAAAEQ' }),
    );
    tell(
      'as a member of a group without members',
      await asker.commitOffset(producer, 'og', 5, { as: { generation: 3, memberId: 'm' } }),
      await asker.commitOffset(producer, 'og', 5, { as: { memberId: 'm' } }),
    );
    await asker.addOffsets(producer, 'absent');
    tell(
      'as a member of an absent group',
      await asker.commitOffset(producer, 'absent', 5, { as: { generation: 3, memberId: 'm' } }),
    );
    tell('commit', (await asker.end(producer, 'commit', 4)).told, await asker.state('o1'), await asker.offset('og'));
    tell('after the end', await asker.commitOffset(producer, 'og', 6));
    tell(
      'version 2 needs no adding',
      await asker.commitOffset(producer, 'og', 7, { version: 5 }),
      await asker.offset('og'),
    );
    tell('abort', (await asker.end(producer, 'abort', 5)).told, await asker.state('o1'), await asker.offset('og'));
    tell(
      'in the epoch before',
      await asker.commitOffset(producer, 'og', 8, { version: 5 }),
      await asker.commitOffset(producer, 'og', 8),
    );
  },
};

export const groups: Scenario = {
  name: 'offsets of a group with members',
  async run(asker, tell) {
    const joining = {
      ...{ groupId: 'members', sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, groupInstanceId: null },
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: new Uint8Array(6) }] },
    };
    const first = await asker.again(
      () => asker.wire.ask(JoinGroup, 5, { ...joining, memberId: '' }),
      ({ errorCode }) => errorCode,
    );
    const { memberId, generationId: generation } = await asker.wire.ask(JoinGroup, 5, {
      ...joining,
      memberId: first.memberId,
    });
    const { producer } = await asker.init('m1');
    await asker.addOffsets(producer, 'members');
    const commit = (offset: number, as: { memberId?: string; generation?: number; instance?: string }) =>
      asker.commitOffset(producer, 'members', offset, { as });
    tell(
      'while assignments are open: a member, a later generation, a stranger, nobody, an instance',
      await commit(1, { memberId, generation }),
      await commit(1, { memberId, generation: generation + 1 }),
      await commit(1, { memberId: 'x', generation }),
      await commit(1, {}),
      await commit(1, { memberId, generation, instance: 'i' }),
    );
    await asker.wire.ask(SyncGroup, 3, {
      groupId: 'members',
      generationId: generation,
      memberId,
      groupInstanceId: null,
      assignments: [{ memberId, assignment: new Uint8Array(8) }],
    });
    tell('in a stable group', await commit(2, { memberId, generation }), await asker.offset('members'));
    tell(
      'commit',
      (await asker.end(producer, 'commit', 4)).told,
      await asker.state('m1'),
      await asker.offset('members'),
    );
    await asker.addOffsets(producer, 'members');
    await commit(3, { memberId, generation });
    await asker.wire.ask(LeaveGroup, 3, { groupId: 'members', members: [{ memberId, groupInstanceId: null }] });
    const { results } = await asker.wire.ask(DeleteGroups, 2, { groupsNames: ['members'] });
    tell('the group is deleted', errorByCode(results[0]?.errorCode ?? -1).name, await asker.offset('members'));
    tell(
      'commit',
      (await asker.end(producer, 'commit', 4)).told,
      await asker.state('m1'),
      await asker.offset('members'),
    );
  },
};
