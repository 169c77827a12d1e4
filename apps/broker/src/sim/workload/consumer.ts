import { ErrorCode, Fetch, type ResponseOf } from '@ks/protocol';
import { checkFetched } from '../history/fetched-records.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';
import { EARLIEST, listOffset, lookUp } from './lookup.ts';

const TOPIC_IDS_SINCE = 13;
const READ_COMMITTED = 1;
/** Below this an answer cannot tell its topics' ids or epochs; ks serves no older ones. */
const FETCH_MIN = 4;

/** What a consumer asks of one partition, with what was known when it asked. */
export interface Asked {
  readonly partition: PartitionHistory;
  readonly fetchOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** A program that reads partitions on and on, mostly from where it was, now and then from anywhere. */
export async function consume(stage: Stage, client: SimClient): Promise<void> {
  const positions = new Map<PartitionHistory, number>();
  /** Most real consumers wait for an answer before they ask again; the protocol does not ask them to. */
  const underWayMax = stage.random.chance(0.5) ? 1 : 3;
  let underWay = 0;
  await keepWorking(stage, client, async () => {
    const { random, history } = stage;
    if (underWay >= underWayMax) return;
    const partitions = history.partitions();
    const chosen = new Set<PartitionHistory>();
    for (let count = 1 + random.int(4); count > 0; count--) {
      const partition = pick(random, partitions);
      if (partition !== undefined) chosen.add(partition);
    }
    if (chosen.size === 0) return;
    if (random.chance(0.1)) for (const partition of chosen) positions.set(partition, anyOffset(stage, partition));
    if (random.chance(0.03)) beBusyElsewhere(stage, client);
    if (underWay > 0 && random.chance(0.03)) client.close();
    underWay += 1;
    const [first] = chosen;
    const isLookUp = first !== undefined && random.chance(0.1);
    const work = isLookUp ? lookUp(stage, client, first) : fetchOnce(stage, client, [...chosen], positions);
    const fetching = work.finally(() => {
      underWay -= 1;
    });
    if (underWayMax === 1) await fetching;
    else guard(stage, fetching);
  });
}

/** A program that nobody waits for has to tell what goes wrong in it. */
function guard(stage: Stage, work: Promise<void>): void {
  work.catch((error: unknown) => {
    stage.history.violate(
      `a client failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  });
}

function anyOffset({ random }: Stage, { highWatermark, logStartOffset }: PartitionHistory): number {
  // Now and then what is gone is asked for.
  if (random.chance(0.2)) return random.int(logStartOffset + 1);
  return logStartOffset + random.int(highWatermark - logStartOffset + 1);
}

/** Takes nothing for a while, with an answer on its way. */
function beBusyElsewhere(stage: Stage, client: SimClient): void {
  client.pause();
  stage.history.count('slow readers');
  void stage.sleep(stage.random.fraction() * 40_000).then(() => client.resume());
}

/** One Fetch, checked. Moves the positions on. */
export async function fetchOnce(
  stage: Stage,
  client: SimClient,
  partitions: readonly PartitionHistory[],
  positions: Map<PartitionHistory, number>,
): Promise<void> {
  const { random, history } = stage;
  const version = client.version(Fetch, FETCH_MIN);
  if (version === undefined) return history.violate('Fetch is not advertised');
  const asked = partitions.map((partition) => ask(partition, positions.get(partition) ?? 0));
  const maxBytes = choose(random, [
    [3, 1_000_000],
    [2, 5000],
    [1, 1],
  ]);
  const { life } = client;
  const isolationLevel = random.chance(0.4) ? READ_COMMITTED : 0;
  stage.note(`${client.name} fetches ${asked.map((each) => `${each.partition.name}@${each.fetchOffset}`).join(' ')}`);
  const answer = await client.request(Fetch, version, {
    maxWaitMs: choose(random, [
      [2, 0],
      [3, random.int(500)],
    ]),
    minBytes: choose(random, [
      [3, 1],
      [1, 0],
      [2, random.int(20_000)],
    ]),
    maxBytes,
    isolationLevel,
    topics: topicsOf(asked, version, random.chance(0.5) ? maxBytes : 1_000_000),
    forgottenTopicsData: [],
  });
  if (answer === undefined) return;
  if (answer.errorCode !== 0) history.violate(`Fetch v${version} answered error ${answer.errorCode}`);
  for (const each of asked) {
    const told = toldOf(answer, each, version);
    if (told === undefined) history.violate(`${each.partition.name}: an answer to Fetch v${version} leaves it out`);
    else positions.set(each.partition, await checkAnswer(stage, each, told, { client, life, version, isolationLevel }));
  }
}

export function ask(partition: PartitionHistory, fetchOffset: number): Asked {
  const { highWatermark, logStartOffset } = partition;
  return {
    partition,
    fetchOffset,
    highWatermark,
    logStartOffset,
  };
}

export function topicsOf(asked: readonly Asked[], version: number, partitionMaxBytes: number) {
  const topics = new Map<string, Asked[]>();
  for (const each of asked) {
    const { topic } = each.partition;
    topics.set(topic, [...(topics.get(topic) ?? []), each]);
  }
  return [...topics].map(([topic, parts]) => ({
    ...(version >= TOPIC_IDS_SINCE ? { topicId: parts[0]?.partition.topicId ?? '', topic: '' } : { topic }),
    partitions: parts.map(({ partition, fetchOffset }) => ({
      partition: partition.index,
      fetchOffset,
      partitionMaxBytes,
    })),
  }));
}

type FetchAnswer = ResponseOf<typeof Fetch>;
type Told = FetchAnswer['responses'][number]['partitions'][number];

export function toldOf(answer: FetchAnswer, asked: Asked, version: number): Told | undefined {
  const topic = answer.responses.find((each) =>
    version >= TOPIC_IDS_SINCE ? each.topicId === asked.partition.topicId : each.topic === asked.partition.topic,
  );
  return topic?.partitions.find((each) => each.partitionIndex === asked.partition.index);
}

/** What was committed is in range, unless the log has come to start behind it. */
async function explain(stage: Stage, client: SimClient, partition: PartitionHistory, offset: number): Promise<void> {
  const { life } = client;
  const earliest = await listOffset(client, partition, EARLIEST);
  if (earliest === undefined || life !== partition.life || partition.isDoomed || earliest.offset > offset) return;
  stage.history.violate(
    `${partition.name}: ${offset} is committed, in a log from ${earliest.offset}, and out of range`,
  );
}

/** What else an answer came with. */
interface Circumstances {
  readonly client: SimClient;
  /** The broker's process that was asked. */
  readonly life: number;
  readonly version: number;
  readonly isolationLevel: number;
}

export async function checkAnswer(stage: Stage, asked: Asked, told: Told, by: Circumstances): Promise<number> {
  const { history } = stage;
  const { client, life, version, isolationLevel } = by;
  const { partition, fetchOffset } = asked;
  const { errorCode, highWatermark, logStartOffset, records } = told;
  history.count(`fetch error ${errorCode}`);
  stage.note(`${partition.name}: error ${errorCode} hw ${highWatermark} ${records?.length ?? 0} bytes`);
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
    if (fetchOffset <= asked.highWatermark && life === partition.life)
      await explain(stage, client, partition, fetchOffset);
    return partition.logStartOffset;
  }
  if (errorCode !== 0) return fetchOffset;
  if (fetchOffset < asked.logStartOffset && !partition.isDoomed) {
    history.violate(`${partition.name}: a fetch from ${fetchOffset} was served, in a log from ${asked.logStartOffset}`);
  }
  partition.toldHighWatermark(highWatermark, asked.highWatermark, life);
  if (version >= 5) partition.toldLogStart(logStartOffset, asked.logStartOffset, life);
  const { lastStableOffset } = told;
  if (lastStableOffset > highWatermark) {
    history.violate(`${partition.name}: last stable offset ${lastStableOffset} of a high watermark ${highWatermark}`);
  }
  const isCommitted = isolationLevel === READ_COMMITTED;
  const end = isCommitted ? lastStableOffset : highWatermark;
  const aborted = isCommitted ? (told.abortedTransactions ?? []) : undefined;
  return checkFetched(stage, partition, { life, fetchOffset, end, aborted, records });
}
