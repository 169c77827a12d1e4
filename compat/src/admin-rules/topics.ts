import {
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  DescribeTopicPartitions,
  Metadata,
  type RequestInput,
  ZERO_UUID,
} from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';
import { once, type Scenario, words } from './scenario.ts';

type Asked = RequestInput<typeof CreateTopics>['topics'][number];

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

function topic(name: string, over: Partial<Asked> = {}): Asked {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...over };
}

/** CreateTopics of some topics: their errors in the order asked. */
export async function create(wire: Wire, topics: readonly Asked[], validateOnly = false, version = 7): Promise<string> {
  const body = { topics: [...topics], timeoutMs: 10_000, validateOnly };
  const answer = await wire.ask(CreateTopics, version, body);
  // Brokers answer in an order of their own.
  const order = topics.map(({ name }) => name);
  const told = [...answer.topics].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return told.map(({ errorCode }) => words(errorCode)).join('+');
}

/** The id of a topic, once the broker knows it. */
export async function idOf(wire: Wire, name: string): Promise<string> {
  const body = {
    topics: [{ name, topicId: ZERO_UUID }],
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  };
  const ask = () => wire.ask(Metadata, 12, body);
  const { topics } = await once(ask, (answer) => answer.topics[0]?.errorCode === 0);
  return topics[0]?.topicId ?? '';
}

export const creating: Scenario = {
  name: 'creating topics',
  async run(wire, tell) {
    const config = (name: string, value: string | null) => ({ configs: [{ name, value }] });
    tell('a topic, and again', await create(wire, [topic('a')]), await create(wire, [topic('a')]));
    tell('twice in a request', await create(wire, [topic('b'), topic('b')]));
    for (const name of ['', '.', '..', 'a/b', 'x'.repeat(249), 'x'.repeat(250), '__cluster_metadata']) {
      tell(`named ${name.length > 20 ? name.length : name}`, await create(wire, [topic(name)], true));
    }
    await create(wire, [topic('dots.and_bars')]);
    tell('that collides', await create(wire, [topic('dots_and.bars')]));
    for (const numPartitions of [0, -1, -2])
      tell(`of ${numPartitions}`, await create(wire, [topic('n', { numPartitions })], true));
    for (const replicationFactor of [0, -1, -2, 2]) {
      tell(`replicated ${replicationFactor}`, await create(wire, [topic('n', { replicationFactor })], true));
    }
    const placed = (...brokers: readonly (readonly [number, number[]])[]) => ({
      ...{ numPartitions: -1, replicationFactor: -1 },
      assignments: brokers.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
    });
    tell('placed', await create(wire, [topic('p', placed([0, [1]], [1, [1]]))], true));
    tell('placed with a gap', await create(wire, [topic('p', placed([0, [1]], [2, [1]]))], true));
    tell('placed twice', await create(wire, [topic('p', placed([0, [1]], [0, [1]]))], true));
    tell('placed nowhere', await create(wire, [topic('p', placed([0, []]))], true));
    tell('placed on nobody', await create(wire, [topic('p', placed([0, [9]]))], true));
    tell('placed on one twice', await create(wire, [topic('p', placed([0, [1, 1]]))], true));
    tell('placed and counted', await create(wire, [topic('p', { ...placed([0, [1]]), numPartitions: 1 })], true));
    tell(
      'placed and replicated',
      await create(wire, [topic('p', { ...placed([0, [1]]), replicationFactor: 1 })], true),
    );
    for (const [name, value] of [
      ['retention.ms', '5'],
      ['retention.ms', 'x'],
      ['retention.ms', null],
      ['no.such', '5'],
      ['remote.storage.enable', 'true'],
      ['cleanup.policy', 'delete,compact'],
      ['cleanup.policy', ''],
    ] as const) {
      tell(`with ${name}=${value}`, await create(wire, [topic('c', config(name, value))], true));
    }
    const answer = await wire.ask(CreateTopics, 7, {
      topics: [topic('shape', { numPartitions: 2, ...config('retention.ms', '5') })],
      ...{ timeoutMs: 10_000, validateOnly: false },
    });
    const [shape] = answer.topics;
    const told = shape?.configs?.find(({ name }) => name === 'retention.ms');
    tell('its shape', shape?.numPartitions, shape?.replicationFactor, told?.value, told?.configSource, told?.readOnly);
    for (const version of [2, 3, 4, 5, 6, 7]) {
      tell(`by version ${version}`, await create(wire, [topic('v'), topic('a'), topic('a/b')], true, version));
    }
  },
};

export const growing: Scenario = {
  name: 'adding partitions',
  async run(wire, tell) {
    await create(wire, [topic('grow', { numPartitions: 2 })]);
    await idOf(wire, 'grow');
    const grow = async (count: number, assignments: number[][] | null = null, name = 'grow', validateOnly = false) => {
      const asked = { name, count, assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null };
      const answer = await wire.ask(CreatePartitions, 3, { topics: [asked], timeoutMs: 10_000, validateOnly });
      return answer.results.map(({ errorCode }) => words(errorCode)).join('+');
    };
    tell('to fewer, as many, none', await grow(1), await grow(2), await grow(0), await grow(-1));
    tell('of a topic that is not there', await grow(3, null, 'absent'));
    tell('only validated', await grow(5, null, 'grow', true));
    tell('placed on nobody, twice, too few', await grow(3, [[9]]), await grow(3, [[1, 1]]), await grow(4, [[1]]));
    tell('placed nowhere, nothing', await grow(3, [[]]), await grow(3, []));
    tell('placed', await grow(3, [[1]]));
    tell('to more', await grow(4));
    const twice = [0, 1].map(() => ({ name: 'grow', count: 9, assignments: null }));
    const answer = await wire.ask(CreatePartitions, 3, { topics: twice, timeoutMs: 10_000, validateOnly: true });
    tell('twice in a request', ...answer.results.map(({ errorCode }) => words(errorCode)));
  },
};

export const describing: Scenario = {
  name: 'describing partitions',
  async run(wire, tell) {
    await create(wire, [topic('d1', { numPartitions: 3 }), topic('d2', { numPartitions: 2 })]);
    await Promise.all([idOf(wire, 'd1'), idOf(wire, 'd2')]);
    const describe = async (names: string[], limit: number, cursor: readonly [string, number] | null = null) => {
      const answer = await wire.ask(DescribeTopicPartitions, 0, {
        topics: names.map((name) => ({ name })),
        responsePartitionLimit: limit,
        cursor: cursor && { topicName: cursor[0], partitionIndex: cursor[1] },
      });
      const told = answer.topics.map(
        ({ name, errorCode, partitions }) =>
          `${name} ${words(errorCode)} ${partitions.map((each) => each.partitionIndex)}`,
      );
      const { nextCursor } = answer;
      return [...told, nextCursor === null ? 'end' : `${nextCursor.topicName} ${nextCursor.partitionIndex}`].join(', ');
    };
    tell('both', await describe(['d2', 'd1'], 100));
    for (const limit of [0, 1, 3, 4, 5]) tell(`at most ${limit}`, await describe(['d1', 'd2'], limit));
    tell('from within', await describe(['d1', 'd2'], 100, ['d1', 1]), await describe(['d1', 'd2'], 2, ['d1', 2]));
    tell('from behind', await describe(['d1', 'd2'], 100, ['d1', 3]), await describe(['d1', 'd2'], 100, ['d1', 9]));
    tell('from another', await describe(['d1', 'd2'], 100, ['d11', 0]), await describe(['d1', 'd2'], 100, ['e', 0]));
    tell('from nowhere', await describe(['d1', 'd2'], 100, ['d1', -1]));
    tell('that are not there', await describe(['absent', 'a/b', 'd2'], 100));
  },
};

export const deleting: Scenario = {
  name: 'deleting topics',
  async run(wire, tell) {
    await create(
      wire,
      ['x1', 'x2', 'x3'].map((name) => topic(name)),
    );
    const [first, second] = await Promise.all([idOf(wire, 'x1'), idOf(wire, 'x2'), idOf(wire, 'x3')]);
    const remove = async (topics: { name: string | null; topicId: string }[]) => {
      const answer = await wire.ask(DeleteTopics, 6, { topics, topicNames: [], timeoutMs: 10_000 });
      const told = answer.responses.map(({ name, errorCode }) => `${name} ${words(errorCode)}`);
      return told.sort().join(', ');
    };
    tell(
      'that are not there',
      await remove([{ name: 'absent', topicId: ZERO_UUID }]),
      await remove([{ name: null, topicId: NO_ID }]),
    );
    tell(
      'by name and by id',
      await remove([
        { name: 'x1', topicId: ZERO_UUID },
        { name: null, topicId: second },
      ]),
    );
    tell('by neither', await remove([{ name: null, topicId: ZERO_UUID }]));
    tell('again', await remove([{ name: null, topicId: first }]));
    tell('twice in a request', await remove([0, 1].map(() => ({ name: 'x3', topicId: ZERO_UUID }))));
  },
};
