import { DeleteGroups, DescribeGroups, ErrorCode, ListGroups } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import type { DescribeReply, ListedGroup } from '../core/group/replies.ts';
import { deleteGroups } from './delete-groups.ts';
import { describeGroups } from './describe-groups.ts';
import { listGroups } from './list-groups.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { scriptedGroups } from './shared/groups.test-support.ts';

const versions = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const bytes = Uint8Array.of(1);

describe('DescribeGroups', () => {
  const stable: DescribeReply = {
    type: 'describe',
    errorCode: 0,
    groupId: 'g',
    state: 'Stable',
    protocolType: 'consumer',
    protocolName: 'range',
    members: [
      { memberId: 'm', groupInstanceId: 'i', clientId: 'c', clientHost: '/h', metadata: bytes, assignment: bytes },
    ],
  };
  const nothing = { protocolType: '', protocolName: '', members: [] };
  const groups = scriptedGroups({
    describeGroup: async (groupId) => {
      if (groupId === 'g') return stable;
      const errorCode = groupId === 'absent' ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NOT_COORDINATOR;
      return { type: 'describe', errorCode, groupId, state: 'Dead', ...nothing };
    },
  });
  const ask = (version: number, includeAuthorizedOperations = false) =>
    exchange(
      describeGroups,
      DescribeGroups,
      {
        groups: ['g', 'absent', 'elsewhere', 'secret'],
        ...(version >= 3 ? { includeAuthorizedOperations } : {}),
      } as never,
      { version, broker: { groups }, denied: ['secret'] },
    );

  test.each(versions(0, 6))('v%i', async (version) => {
    const [group, absent, elsewhere, secret] = (await ask(version))?.groups ?? [];
    const member = {
      memberId: 'm',
      groupInstanceId: version >= 4 ? 'i' : null,
      clientId: 'c',
      clientHost: '/h',
      memberMetadata: bytes,
      memberAssignment: bytes,
    };
    expect(group).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [member],
    });
    expect(group?.authorizedOperations).toBe(-2147483648);
    expect(absent).toMatchObject({ errorCode: version < 6 ? 0 : ErrorCode.GROUP_ID_NOT_FOUND, groupState: 'Dead' });
    expect(absent?.errorMessage).toBe(version < 6 ? null : 'Group absent not found.');
    expect(elsewhere).toMatchObject({ errorCode: ErrorCode.NOT_COORDINATOR, groupState: '' });
    expect(secret).toMatchObject({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, members: [] });
  });

  test('v3+ tells what may be done where it is asked to', async () => {
    const operations = (await ask(3, true))?.groups[0]?.authorizedOperations;
    expect(operations).toBe((1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11));
  });
});

describe('ListGroups', () => {
  const listed: readonly ListedGroup[] = [
    { groupId: 'a', protocolType: 'consumer', groupType: 'classic', state: 'Stable' },
    { groupId: 'b', protocolType: 'connect', groupType: 'classic', state: 'Empty' },
  ];
  const groups = scriptedGroups({ listGroups: async () => ({ type: 'list', errorCode: 14, groups: listed }) });
  const ask = async (version: number, filters: object = {}, denied: readonly string[] = []) =>
    await exchange(listGroups, ListGroups, filters as never, { version, broker: { groups }, denied });

  test.each(versions(0, 5))('v%i', async (version) => {
    const answer = await ask(version);
    expect(answer?.errorCode).toBe(14);
    expect(answer?.groups).toEqual([
      {
        groupId: 'a',
        protocolType: 'consumer',
        groupState: version >= 4 ? 'Stable' : '',
        groupType: version >= 5 ? 'classic' : '',
      },
      {
        groupId: 'b',
        protocolType: 'connect',
        groupState: version >= 4 ? 'Empty' : '',
        groupType: version >= 5 ? 'classic' : '',
      },
    ]);
  });

  test('filters by state and type, whatever their case, and by what the principal may see', async () => {
    const ids = async (version: number, filters: object, denied: readonly string[] = []) =>
      (await ask(version, filters, denied))?.groups.map((group) => group.groupId);
    expect(await ids(4, { statesFilter: ['stable'] })).toEqual(['a']);
    expect(await ids(5, { typesFilter: ['CLASSIC'] })).toEqual(['a', 'b']);
    expect(await ids(5, { typesFilter: ['consumer'] })).toEqual([]);
    expect(await ids(5, {}, ['kafka-cluster', 'a'])).toEqual(['b']);
  });
});

describe('DeleteGroups', () => {
  test.each(versions(0, 3))('v%i', async (version) => {
    const groups = scriptedGroups({
      deleteGroup: async (groupId) => ({
        type: 'status',
        errorCode: groupId === 'full' ? ErrorCode.NON_EMPTY_GROUP : 0,
      }),
    });
    const body = { groupsNames: ['g', 'full', 'secret'] };
    const answer = await exchange(deleteGroups, DeleteGroups, body, {
      version,
      broker: { groups },
      denied: ['secret'],
    });
    expect(answer?.results.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
      ['g', 0],
      ['full', 68],
      ['secret', 30],
    ]);
    expect(typeof answer?.results[1]?.errorMessage).toBe(version >= 3 ? 'string' : 'object');
  });
});
