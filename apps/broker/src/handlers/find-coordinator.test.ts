import { ErrorCode, FindCoordinator } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { findCoordinator } from './find-coordinator.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { scriptedGroups } from './shared/groups.test-support.ts';

const found = { errorCode: 0, errorMessage: null, nodeId: 1, host: 'broker.test', port: 9001 };
const groups = scriptedGroups({
  findCoordinator: async (groupId, listenerName) => ({ ...found, host: `${groupId}.${listenerName}` }),
});
const transactions = {
  findCoordinator: async (transactionalId: string) => ({ ...found, host: `transactions of ${transactionalId}` }),
};
const ask = (version: number, body: object, denied: readonly string[] = []) =>
  exchange(findCoordinator, FindCoordinator, body as never, {
    version,
    broker: { groups, transactions } as never,
    denied,
  });

describe('FindCoordinator', () => {
  test('answers one key in single fields up to v3, several keys from v4 on', async () => {
    for (let version = 0; version <= 3; version++) {
      const answer = await ask(version, { key: 'g' });
      expect(answer).toMatchObject({ errorCode: 0, nodeId: 1, host: 'g.PLAINTEXT', port: 9001 });
    }
    for (let version = 4; version <= 6; version++) {
      const answer = await ask(version, { coordinatorKeys: ['g', 'h', 'secret'] }, ['secret']);
      expect(answer?.coordinators).toMatchObject([
        { key: 'g', errorCode: 0, nodeId: 1, host: 'g.PLAINTEXT' },
        { key: 'h', errorCode: 0, host: 'h.PLAINTEXT' },
        { key: 'secret', errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, nodeId: -1, port: -1 },
      ]);
    }
  });

  test('asks the coordinator that the key type names; there is none of share groups', async () => {
    expect(await ask(2, { key: 'x', keyType: 1 })).toMatchObject({ errorCode: 0, host: 'transactions of x' });
    expect((await ask(2, { key: 'x', keyType: 2 }))?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await ask(2, { key: 'x', keyType: 1 }, ['x']))?.errorCode).toBe(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    );
  });
});
