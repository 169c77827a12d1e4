import { DeleteTopics, ErrorCode, type RequestInput, ZERO_UUID } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { deleteTopics } from './delete-topics.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

const UNKNOWN_ID = 'BBBBBBBBBBBBBBBBBBBBBA';
let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker();
});
afterEach(() => broker.stop());

type Body = RequestInput<typeof DeleteTopics>;
async function ask(
  version: number,
  body: Pick<Body, 'topics'> | Pick<Body, 'topicNames'>,
  options: Partial<ExchangeOptions> = {},
) {
  const request = { topics: [], topicNames: [], timeoutMs: 10_000, ...body };
  const answer = await exchange(deleteTopics, DeleteTopics, request, { version, broker: broker.services, ...options });
  if (answer === undefined) throw new Error('DeleteTopics was not answered');
  return answer.responses;
}
const shown = () => [...broker.node.loader.image().topicsByName.keys()];
const byName = (name: string) => ({ name, topicId: ZERO_UUID });
const byId = (topicId: string) => ({ name: null, topicId });

test.each([1, 2, 3, 4, 5])('v%i deletes by name', async (version) => {
  await broker.create('t');
  const answers = await ask(version, { topicNames: ['t', 'none'] });
  expect(answers.map((each) => [each.name, each.errorCode])).toEqual([
    ['t', 0],
    ['none', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ]);
  expect(answers[1]?.errorMessage === null).toBe(version < 5);
  expect(shown()).toEqual([]);
});

test('v6 deletes by name and by id', async () => {
  const [a, b] = [await broker.create('a'), await broker.create('b')];
  const answers = await ask(6, { topics: [byName('a'), byId(b), byId(UNKNOWN_ID)] });
  expect(answers).toMatchObject([
    { name: 'a', topicId: a, errorCode: 0, errorMessage: null },
    { name: 'b', topicId: b, errorCode: 0 },
    { name: null, topicId: UNKNOWN_ID, errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
  ]);
  expect(shown()).toEqual([]);
});

describe('refusals', () => {
  test('neither name nor id, or both', async () => {
    const topicId = await broker.create('t');
    const answers = await ask(6, { topics: [byId(ZERO_UUID), { name: 't', topicId }] });
    expect(answers.map((each) => each.errorCode)).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
    expect(shown()).toEqual(['t']);
  });

  test('a topic named twice, by id and by name too, stays', async () => {
    const topicId = await broker.create('t');
    expect((await ask(6, { topics: [byName('t'), byId(topicId)] })).map((each) => each.errorCode)).toEqual([
      ErrorCode.INVALID_REQUEST,
    ]);
    expect((await ask(1, { topicNames: ['t', 't'] })).map((each) => each.errorCode)).toEqual([
      ErrorCode.INVALID_REQUEST,
    ]);
    expect(shown()).toEqual(['t']);
  });

  test('who may not delete; the name behind an id only for who may describe it', async () => {
    const topicId = await broker.create('t');
    expect((await ask(6, { topics: [byId(topicId)] }, { denied: ['t'] }))[0]).toMatchObject({
      name: null,
      errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    });
    const authorize = (operation: string) => operation === 'DESCRIBE';
    expect((await ask(6, { topics: [byId(topicId)] }, { authorize }))[0]).toMatchObject({
      name: 't',
      errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    });
    expect((await ask(3, { topicNames: ['t', 'none'] }, { authorize })).map((each) => each.errorCode)).toEqual([
      29, 29,
    ]);
    expect(shown()).toEqual(['t']);
  });

  test.each([
    [2, ErrorCode.INVALID_REQUEST],
    [3, ErrorCode.TOPIC_DELETION_DISABLED],
    [6, ErrorCode.TOPIC_DELETION_DISABLED],
  ])('v%i where deletion is switched off', async (version, expected) => {
    const strict = await startAdminBroker({ 'delete.topic.enable': 'false' });
    await strict.create('t');
    const body = version < 6 ? { topicNames: ['t'] } : { topics: [byName('t')] };
    expect((await ask(version, body, { broker: strict.services })).map((each) => each.errorCode)).toEqual([expected]);
    expect(strict.node.loader.image().topicsByName.size).toBe(1);
    await strict.stop();
  });
});
