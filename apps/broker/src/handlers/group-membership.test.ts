import { ErrorCode, Heartbeat, JoinGroup, LeaveGroup, SyncGroup } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { joinError } from '../core/group/replies.ts';
import type { HeartbeatRequest, JoinRequest, LeaveRequest, SyncRequest } from '../runtime/group-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { scriptedGroups } from './shared/groups.test-support.ts';
import { syncGroup } from './sync-group.ts';

const versions = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const metadata = Uint8Array.of(1, 2);

describe('JoinGroup', () => {
  async function join(version: number, denied: readonly string[] = [], refusedWith = 0) {
    const asked: JoinRequest[] = [];
    const groups = scriptedGroups({
      joinGroup: async (request) => {
        asked.push(request);
        if (refusedWith !== 0) return joinError(request.memberId, refusedWith);
        const members = [{ memberId: 'm', groupInstanceId: 'i', metadata }];
        const generation = {
          generationId: 3,
          protocolType: 'consumer',
          protocolName: 'range',
          leader: 'm',
          memberId: 'm',
        };
        return { type: 'join', errorCode: 0, ...generation, skipAssignment: version >= 9, members };
      },
    });
    const answer = await exchange(
      joinGroup,
      JoinGroup,
      {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
        ...(version >= 1 ? { rebalanceTimeoutMs: 60_000 } : {}),
        ...(version >= 5 ? { groupInstanceId: 'i' } : {}),
      },
      { version, broker: { groups }, denied },
    );
    return { asked: asked[0], answer };
  }

  test.each(versions(0, 9))('v%i', async (version) => {
    const { asked, answer } = await join(version);
    expect(asked).toMatchObject({
      groupId: 'g',
      groupInstanceId: version >= 5 ? 'i' : null,
      clientHost: '/127.0.0.1',
      rebalanceTimeoutMs: version === 0 ? 10_000 : 60_000,
      requireKnownMemberId: version >= 4,
      supportsSkipAssignment: version >= 9,
    });
    expect(answer).toMatchObject({
      errorCode: 0,
      generationId: 3,
      protocolName: 'range',
      protocolType: version >= 7 ? 'consumer' : null,
      skipAssignment: version >= 9,
      members: [{ memberId: 'm', groupInstanceId: version >= 5 ? 'i' : null, metadata }],
    });
  });

  test.each(versions(0, 9))('v%i tells an error without a generation', async (version) => {
    const { answer } = await join(version, [], ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const nothing = { errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL, generationId: -1, members: [] };
    expect(answer).toMatchObject({ ...nothing, protocolName: version >= 7 ? null : '' });
    const refused = await join(version, ['g']);
    expect(refused.asked).toBeUndefined();
    expect(refused.answer?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  });
});

describe('SyncGroup', () => {
  async function sync(version: number, over: { protocolName?: string | null; denied?: readonly string[] } = {}) {
    const asked: SyncRequest[] = [];
    const groups = scriptedGroups({
      syncGroup: async (request) => {
        asked.push(request);
        return { type: 'sync', errorCode: 0, protocolType: 'consumer', protocolName: 'range', assignment: metadata };
      },
    });
    const { protocolName = 'range', denied = [] } = over;
    const body = {
      groupId: 'g',
      generationId: 3,
      memberId: 'm',
      assignments: [{ memberId: 'm', assignment: metadata }],
      ...(version >= 3 ? { groupInstanceId: 'i' } : {}),
      ...(version >= 5 ? { protocolType: 'consumer', protocolName } : {}),
    };
    const answer = await exchange(syncGroup, SyncGroup, body, { version, broker: { groups }, denied });
    return { asked: asked[0], answer };
  }

  test.each(versions(0, 5))('v%i', async (version) => {
    const { asked, answer } = await sync(version);
    expect(asked).toMatchObject({
      generationId: 3,
      groupInstanceId: version >= 3 ? 'i' : null,
      protocolName: version >= 5 ? 'range' : null,
    });
    expect(asked?.assignments).toEqual([{ memberId: 'm', assignment: metadata }]);
    expect(answer).toMatchObject({ errorCode: 0, assignment: metadata, protocolName: version >= 5 ? 'range' : null });
    expect((await sync(version, { denied: ['g'] })).answer?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  });

  test('v5 must name the protocol', async () => {
    const { asked, answer } = await sync(5, { protocolName: null });
    expect(asked).toBeUndefined();
    expect(answer?.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });
});

describe('Heartbeat', () => {
  test.each(versions(0, 4))('v%i', async (version) => {
    const asked: HeartbeatRequest[] = [];
    const groups = scriptedGroups({
      heartbeat: async (request) => {
        asked.push(request);
        return { type: 'status', errorCode: ErrorCode.REBALANCE_IN_PROGRESS };
      },
    });
    const body = { groupId: 'g', generationId: 3, memberId: 'm', ...(version >= 3 ? { groupInstanceId: 'i' } : {}) };
    const ask = (denied: readonly string[]) =>
      exchange(heartbeat, Heartbeat, body, { version, broker: { groups }, denied });
    expect((await ask([]))?.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect((await ask(['g']))?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    expect(asked).toEqual([
      { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: version >= 3 ? 'i' : null },
    ]);
  });
});

describe('LeaveGroup', () => {
  test.each(versions(0, 5))('v%i', async (version) => {
    const asked: LeaveRequest[] = [];
    const groups = scriptedGroups({
      leaveGroup: async (request) => {
        asked.push(request);
        const members = request.members.map((member) => ({ ...member, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }));
        return { type: 'leave', errorCode: 0, members };
      },
    });
    const body =
      version < 3
        ? { groupId: 'g', memberId: 'm' }
        : { groupId: 'g', members: [{ memberId: 'm' }, { memberId: '', groupInstanceId: 'i' }] };
    const ask = (denied: readonly string[]) =>
      exchange(leaveGroup, LeaveGroup, body as never, { version, broker: { groups }, denied });
    const answer = await ask([]);
    expect(asked[0]?.members.length).toBe(version < 3 ? 1 : 2);
    // Before v3 the one member's error is the answer's.
    expect(answer?.errorCode).toBe(version < 3 ? ErrorCode.UNKNOWN_MEMBER_ID : 0);
    expect(answer?.members.map((member) => member.errorCode)).toEqual(version < 3 ? [] : [25, 25]);
    expect((await ask(['g']))?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  });
});
