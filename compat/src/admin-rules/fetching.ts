import { createCore } from '@ks/core-wasm';
import {
  encodePlainRecordBatch,
  Fetch,
  ListOffsets,
  OffsetForLeaderEpoch,
  Produce,
  recordBatchesOf,
  type RequestInput,
  ZERO_UUID,
} from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';
import { once, type Scenario, words } from './scenario.ts';
import { create, idOf } from './topics.ts';

type Asked = RequestInput<typeof Fetch>;
type AskedPartition = Asked['topics'][number]['partitions'][number];

const core = createCore({ kind: 'reference' });
const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** A topic as requests of one version name it. */
interface Named {
  readonly name: string;
  readonly topicId: string;
}

/** Appends one batch of so many records, each of `valueBytes`. */
async function append(
  wire: Wire,
  { name }: Named,
  index: number,
  count: number,
  valueBytes = 100,
  timestamp = 1000,
): Promise<void> {
  const record = (_: unknown, at: number) => ({ timestamp: timestamp + at, value: new Uint8Array(valueBytes) });
  const records = encodePlainRecordBatch(Array.from({ length: count }, record), { checksum: core });
  const topicData = [{ name, topicId: ZERO_UUID, partitionData: [{ index, records }] }];
  const answer = await wire.ask(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData });
  if (answer.responses[0]?.partitionResponses[0]?.errorCode !== 0) throw new Error('a batch was refused');
}

interface Ask {
  readonly version?: number;
  readonly session?: readonly [id: number, epoch: number];
  readonly of?: readonly (readonly [topic: Named, partition: number, offset: number, over?: Partial<AskedPartition>])[];
  readonly forget?: readonly (readonly [topic: Named, partition: number])[];
  readonly over?: Partial<Asked>;
}

/** What was told, and the session that it came in. */
async function fetch(wire: Wire, { version = 13, session = [0, -1], of = [], forget = [], over = {} }: Ask) {
  const byId = version >= 13;
  const named = ({ name, topicId }: Named) => ({ topic: byId ? '' : name, topicId: byId ? topicId : ZERO_UUID });
  const [sessionId, sessionEpoch] = session;
  const answer = await wire.ask(Fetch, version, {
    ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, sessionId, sessionEpoch },
    topics: of.map(([topic, partition, fetchOffset, more]) => ({
      ...named(topic),
      partitions: [{ partition, fetchOffset, currentLeaderEpoch: -1, partitionMaxBytes: 1_000_000, ...more }],
    })),
    forgottenTopicsData: forget.map(([topic, partition]) => ({ ...named(topic), partitions: [partition] })),
    ...over,
  });
  const told = answer.responses.flatMap(({ partitions }) =>
    partitions.map((each) => {
      const batches = [...recordBatchesOf(each.records ?? new Uint8Array(0))];
      const offsets = batches.map(({ baseOffset, recordsCount }) => `${baseOffset}+${recordsCount}`).join(',');
      const aborted = each.abortedTransactions === null ? 'all' : `aborted ${each.abortedTransactions.length}`;
      const ends = `${each.logStartOffset} to ${each.highWatermark} stable ${each.lastStableOffset}`;
      return `${each.partitionIndex} ${words(each.errorCode)} ${ends} ${aborted} [${offsets}]`;
    }),
  );
  const kept = answer.sessionId === 0 ? 'no session' : answer.sessionId === sessionId ? 'the session' : 'a session';
  return { sessionId: answer.sessionId, told: [words(answer.errorCode), kept, ...told].join(', ') };
}

/** A new topic, once every partition of it can be read. */
async function topicOf(wire: Wire, name: string, numPartitions: number): Promise<Named> {
  await create(wire, [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }]);
  const topic = { name, topicId: await idOf(wire, name) };
  const of = Array.from({ length: numPartitions }, (_, partition) => [topic, partition, 0] as const);
  const isRead = ({ told }: Awaited<ReturnType<typeof fetch>>) => told.split(' NONE ').length > numPartitions;
  await once(() => fetch(wire, { of }), isRead);
  return topic;
}

export const sessions: Scenario = {
  name: 'fetch sessions',
  async run(wire, tell) {
    const topic = await topicOf(wire, 'sessions', 4);
    const from = (...partitions: readonly (readonly [number, number])[]) =>
      partitions.map(([partition, offset]) => [topic, partition, offset] as const);
    await append(wire, topic, 0, 2);
    const begun = await fetch(wire, { session: [0, 0], of: from([0, 0], [1, 0], [2, 0]) });
    const id = begun.sessionId;
    tell('begun', begun.told);
    const next = async (epoch: number, ask: Ask = {}) => (await fetch(wire, { ...ask, session: [id, epoch] })).told;
    tell('the same again', await next(1));
    tell('another offset', await next(2, { of: from([0, 2]) }), await next(3));
    await append(wire, topic, 2, 1);
    tell('records', await next(4), await next(5), await next(6, { of: from([2, 1]) }), await next(7));
    await append(wire, topic, 0, 1);
    await append(wire, topic, 1, 1);
    await append(wire, topic, 2, 1);
    tell(
      'which comes last',
      await next(8, { over: { maxBytes: 1 } }),
      await next(9, { over: { maxBytes: 1 } }),
      await next(10, { over: { maxBytes: 1 } }),
    );
    tell(
      'forgotten',
      await next(11, {
        forget: [
          [topic, 0],
          [topic, 9],
        ],
      }),
    );
    tell('added', await next(12, { of: from([3, 0], [1, 1], [2, 2]) }), await next(13));
    tell(
      'an error, twice',
      await next(14, { of: from([3, 99]) }),
      await next(15),
      await next(16, { of: from([3, 0]) }),
      await next(17),
    );
    tell(
      'an unknown partition, twice',
      await next(18, { of: from([77, 0]) }),
      await next(19),
      await next(20, { forget: [[topic, 77]] }),
    );
    tell('another epoch', await next(20), await next(23), await next(21));
    tell('topics by name', await next(22, { version: 12 }));
    tell(
      'the last is forgotten',
      await next(22, { forget: [1, 2, 3].map((each) => [topic, each] as const) }),
      await next(23),
    );
    tell(
      'unknown sessions',
      (await fetch(wire, { session: [123, 1] })).told,
      (await fetch(wire, { session: [0, 1] })).told,
    );
    const second = (await fetch(wire, { session: [0, 0], of: from([0, 3]) })).sessionId;
    const again = await fetch(wire, { session: [second, 0], of: from([0, 3]) });
    tell('begun anew', again.told, (await fetch(wire, { session: [second, 1] })).told);
    tell(
      'ended',
      (await fetch(wire, { session: [again.sessionId, -1], of: from([0, 3]) })).told,
      (await fetch(wire, { session: [again.sessionId, 1] })).told,
    );
    tell('begun with nothing', (await fetch(wire, { session: [0, 0] })).told);
    tell(
      'begun with what is not there',
      (await fetch(wire, { session: [0, 0], of: [[{ name: '', topicId: UNKNOWN_ID }, 0, 0]] })).told,
    );
    tell('refused', (await fetch(wire, { of: from([0, 0]) })).told);
    const named = await fetch(wire, { version: 11, session: [0, 0], of: from([0, 0]) });
    tell(
      'by name',
      named.told,
      (await fetch(wire, { version: 11, session: [named.sessionId, 1] })).told,
      (await fetch(wire, { version: 13, session: [named.sessionId, 2] })).told,
    );
  },
};

export const reading: Scenario = {
  name: 'fetching',
  async run(wire, tell) {
    const topic = await topicOf(wire, 'reading', 3);
    for (const partition of [0, 0, 0, 1, 1]) await append(wire, topic, partition, 2);
    const read = async (ask: Ask) => (await fetch(wire, ask)).told;
    for (const version of [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]) {
      tell(
        `by version ${version}`,
        await read({
          version,
          of: [[topic, 0, 4]],
          ...(version < 7 ? { over: { sessionId: 0, sessionEpoch: -1 } } : {}),
        }),
      );
    }
    const all = [
      [topic, 0, 0],
      [topic, 1, 0],
      [topic, 2, 0],
    ] as const;
    tell('all', await read({ of: all }));
    for (const maxBytes of [0, 1])
      tell(`at most ${maxBytes}`, await read({ session: [0, 0], of: all, over: { maxBytes } }));
    tell(
      'at most 1 of each',
      await read({
        session: [0, 0],
        of: all.map(([of, partition, offset]) => [of, partition, offset, { partitionMaxBytes: 1 }]),
      }),
    );
    tell('within a batch', await read({ of: [[topic, 0, 3]] }));
    tell(
      'at the end, beyond, before',
      await read({ of: [[topic, 0, 6]] }),
      await read({ of: [[topic, 0, 7]] }),
      await read({ of: [[topic, 0, -1]] }),
    );
    tell(
      'what is not there',
      await read({ of: [[topic, 9, 0]] }),
      await read({ of: [[{ name: '', topicId: UNKNOWN_ID }, 0, 0]] }),
      await read({ version: 12, of: [[{ name: 'absent', topicId: '' }, 0, 0]] }),
    );
    tell(
      'by epochs',
      ...(await Promise.all(
        [0, 1, 7].map((currentLeaderEpoch) => read({ of: [[topic, 0, 4, { currentLeaderEpoch }]] })),
      )),
    );
    tell('committed', await read({ of: [[topic, 0, 4]], over: { isolationLevel: 1 } }));
    tell(
      'after an epoch',
      ...(await Promise.all([0, 1].map((lastFetchedEpoch) => read({ of: [[topic, 0, 4, { lastFetchedEpoch }]] })))),
    );
  },
};

export const offsets: Scenario = {
  name: 'listing offsets',
  async run(wire, tell) {
    const topic = await topicOf(wire, 'offsets', 2);
    await append(wire, topic, 0, 2, 10, 1000);
    await append(wire, topic, 0, 2, 10, 9000);
    await append(wire, topic, 0, 2, 10, 5000);
    const list = async (
      version: number,
      timestamp: number,
      over: { index?: number; epoch?: number; name?: string } = {},
    ) => {
      const { index = 0, epoch = -1, name = topic.name } = over;
      const partitions = [{ partitionIndex: index, timestamp, ...(version < 4 ? {} : { currentLeaderEpoch: epoch }) }];
      const body = { replicaId: -1, ...(version < 2 ? {} : { isolationLevel: 0 }), topics: [{ name, partitions }] };
      const answer = await wire.ask(ListOffsets, version, { isolationLevel: 0, ...body });
      const found = answer.topics[0]?.partitions[0];
      return `${words(found?.errorCode)} ${found?.offset} at ${found?.timestamp} epoch ${found?.leaderEpoch}`;
    };
    for (const timestamp of [-1, -2, -3, -4, -5, -6, -7, 0, 1001, 1002, 5000, 5001, 9001, 9002]) {
      tell(`at ${timestamp}`, await list(11, timestamp), await list(11, timestamp, { index: 1 }));
    }
    for (const version of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      tell(
        `by version ${version}`,
        ...(await Promise.all([-1, -3, -4, -5, -6, 1001].map((timestamp) => list(version, timestamp)))),
      );
    }
    tell('what is not there', await list(11, -1, { index: 9 }), await list(11, -1, { name: 'absent' }));
    tell('by epochs', await list(11, -1, { epoch: 0 }), await list(11, -1, { epoch: 7 }));
    const epochEnd = async (
      version: number,
      leaderEpoch: number,
      currentLeaderEpoch = -1,
      partition = 0,
      name = topic.name,
    ) => {
      const topics = [{ topic: name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }];
      const answer = await wire.ask(OffsetForLeaderEpoch, version, {
        ...(version < 3 ? {} : { replicaId: -1 }),
        topics,
      });
      const found = answer.topics[0]?.partitions[0];
      return `${words(found?.errorCode)} ${found?.leaderEpoch} ${found?.endOffset}`;
    };
    for (const version of [2, 3, 4])
      tell(
        `epochs by version ${version}`,
        await epochEnd(version, 0),
        await epochEnd(version, 5),
        await epochEnd(version, -1),
      );
    tell('epochs as seen by another leader', await epochEnd(4, 0, 7), await epochEnd(4, 0, 0));
    tell('epochs of what is not there', await epochEnd(4, 0, -1, 9), await epochEnd(4, 0, -1, 0, 'absent'));
  },
};
