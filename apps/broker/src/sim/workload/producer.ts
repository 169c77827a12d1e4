import { ErrorCode, Produce, type RequestInput, type ResponseOf } from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SeededRandom } from '../prng.ts';
import type { SimClient } from '../sim-client.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';
import { makeBatch, type Sending } from './batches.ts';

/** Errors that leave open whether the batch was appended. */
const OPEN_ERRORS: readonly number[] = [
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.UNKNOWN_SERVER_ERROR,
];
const TOPIC_IDS_SINCE = 13;

/** A program that produces, several requests at a time, and remembers what became of each. */
export async function produce(stage: Stage, client: SimClient): Promise<void> {
  let underWay = 0;
  const underWayMax = 1 + stage.random.int(4);
  /** Where this connection's last batch of each partition lies: pipelined batches keep their order. */
  const lastOffsets = new Map<PartitionHistory, { readonly connection: number; readonly offset: number }>();
  await keepWorking(stage, client, async () => {
    if (underWay >= underWayMax) return;
    const sendings = await prepare(stage, client);
    if (sendings.length === 0 || !client.isConnected) return;
    underWay += 1;
    void send(stage, client, sendings, lastOffsets).then(() => {
      underWay -= 1;
    });
  });
}

async function prepare(stage: Stage, client: SimClient): Promise<readonly Sending[]> {
  const { random, history } = stage;
  const all = history.partitions();
  const chosen = new Set<PartitionHistory>();
  for (let count = 1 + random.int(3); count > 0; count--) {
    const partition = pick(random, all);
    if (partition !== undefined) chosen.add(partition);
  }
  const sendings: Sending[] = [];
  for (const partition of chosen) sendings.push(await makeBatch(stage, client.life, partition));
  return sendings;
}

async function send(
  stage: Stage,
  client: SimClient,
  sendings: readonly Sending[],
  lastOffsets: Map<PartitionHistory, { readonly connection: number; readonly offset: number }>,
): Promise<void> {
  const { random, history } = stage;
  const acks = choose(random, [
    [4, 1],
    [4, -1],
    [1, 0],
  ]);
  const version = client.version(Produce);
  if (version === undefined) return history.violate('Produce is not advertised');
  const body = requestOf(sendings, acks, version, random);
  const connection = client.connectionNumber;
  for (const { attempt } of sendings) attempt.isSentById = version >= TOPIC_IDS_SINCE;
  history.count(`produce acks ${acks}`);
  stage.note(`${client.name} sends ${sendings.map(({ attempt }) => attempt.id).join(' ')} acks ${acks} v${version}`);
  if (random.chance(0.01)) return client.sendHalf(Produce, version, body);
  if (acks === 0) {
    for (const { attempt } of sendings) attempt.status = 'unknown';
    return client.send(Produce, version, body);
  }
  const answer = await client.request(Produce, version, body);
  for (const sending of sendings) {
    const { attempt, partition } = sending;
    const result = resultOf(answer, sending, version);
    if (answer === undefined || result === undefined) {
      if (answer !== undefined) history.violate(`the answer to batch ${attempt.id} leaves it out`);
      attempt.status = 'unknown';
      continue;
    }
    history.count(`produce error ${result.errorCode}`);
    stage.note(`${client.name} batch ${attempt.id}: error ${result.errorCode} at ${result.baseOffset}`);
    if (result.errorCode !== 0) {
      attempt.status = OPEN_ERRORS.includes(result.errorCode) ? 'unknown' : 'refused';
      if (attempt.status === 'refused' && attempt.baseOffset >= 0) {
        history.violate(`batch ${attempt.id} was refused with ${result.errorCode}, but it was read`);
      }
      continue;
    }
    partition.acked(attempt, result.baseOffset);
    if (partition.isDoomed) continue;
    const last = lastOffsets.get(partition);
    if (last?.connection === connection && result.baseOffset <= last.offset) {
      history.violate(`${partition.name}: pipelined batch ${attempt.id} at ${result.baseOffset} after ${last.offset}`);
    }
    lastOffsets.set(partition, { connection, offset: result.baseOffset });
  }
}

export function requestOf(
  sendings: readonly Sending[],
  acks: number,
  version: number,
  random: SeededRandom,
  transactionalId: string | null = null,
): RequestInput<typeof Produce> {
  const topics = new Map<string, Sending[]>();
  for (const sending of sendings) {
    const { topic } = sending.partition;
    topics.set(topic, [...(topics.get(topic) ?? []), sending]);
  }
  return {
    transactionalId,
    acks,
    timeoutMs: 30_000 + random.int(1000),
    topicData: [...topics].map(([name, parts]) => ({
      ...(version >= TOPIC_IDS_SINCE ? { topicId: parts[0]?.partition.topicId ?? '', name: '' } : { name }),
      partitionData: parts.map(({ partition, records }) => ({ index: partition.index, records })),
    })),
  };
}

type ProduceAnswer = ResponseOf<typeof Produce>;

/** What the answer says of one batch. */
export function resultOf(
  answer: ProduceAnswer | undefined,
  { partition }: Sending,
  version: number,
): { readonly errorCode: number; readonly baseOffset: number } | undefined {
  const topic = answer?.responses.find((each) =>
    version >= TOPIC_IDS_SINCE ? each.topicId === partition.topicId : each.name === partition.topic,
  );
  return topic?.partitionResponses.find((each) => each.index === partition.index);
}
