import { CreatePartitions, ErrorCode } from '@ks/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { createPartitions } from './create-partitions.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker();
  await broker.create('t', 2);
});
afterEach(() => broker.stop());

type Topic = { name: string; count: number; assignments: { brokerIds: number[] }[] | null };
async function ask(
  version: number,
  topics: readonly Topic[],
  options: Partial<ExchangeOptions> & { validateOnly?: boolean } = {},
) {
  const body = { topics, timeoutMs: 10_000, validateOnly: options.validateOnly ?? false };
  const answer = await exchange(createPartitions, CreatePartitions, body, {
    version,
    broker: broker.services,
    ...options,
  });
  if (answer === undefined) throw new Error('CreatePartitions was not answered');
  return answer.results;
}
const count = () => broker.node.loader.image().topicsByName.get('t')?.partitions.length;

test.each([0, 1, 2, 3])('v%i adds partitions', async (version) => {
  expect(await ask(version, [{ name: 't', count: 5, assignments: null }])).toEqual([
    { name: 't', errorCode: 0, errorMessage: null },
  ]);
  expect(count()).toBe(5);
});

test('assignments name the replicas of the new ones', async () => {
  expect((await ask(3, [{ name: 't', count: 3, assignments: [{ brokerIds: [0] }] }]))[0]?.errorCode).toBe(0);
  expect((await ask(3, [{ name: 't', count: 4, assignments: [{ brokerIds: [9] }] }]))[0]?.errorCode).toBe(
    ErrorCode.INVALID_REPLICA_ASSIGNMENT,
  );
  expect(count()).toBe(3);
});

test('validating only changes nothing', async () => {
  expect((await ask(1, [{ name: 't', count: 5, assignments: null }], { validateOnly: true }))[0]?.errorCode).toBe(0);
  expect(count()).toBe(2);
});

test('refusals stand beside what is done', async () => {
  await broker.create('u');
  const answers = await ask(1, [
    { name: 'none', count: 5, assignments: null },
    { name: 'u', count: 1, assignments: null },
    { name: 't', count: 3, assignments: null },
  ]);
  expect(answers.map((each) => each.errorCode)).toEqual([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.INVALID_PARTITIONS,
    0,
  ]);
  const twice = await ask(1, [
    { name: 't', count: 4, assignments: null },
    { name: 't', count: 5, assignments: null },
  ]);
  expect(twice.map((each) => each.errorCode)).toEqual([ErrorCode.INVALID_REQUEST]);
  const denied = await ask(1, [{ name: 't', count: 9, assignments: null }], { denied: ['t'] });
  expect(denied.map((each) => each.errorCode)).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED]);
  expect(count()).toBe(3);
});
