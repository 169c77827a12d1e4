import { CreateTopics, ErrorCode, Metadata } from '@ks/protocol';
import type { SimClient } from '../sim-client.ts';
import { keepWorking, type Stage } from './actor.ts';

/** Topics of one world. */
const TOPICS_MAX = 4;

/** A program that creates topics and watches the metadata. */
export async function administrate(stage: Stage, client: SimClient): Promise<void> {
  const { random, history } = stage;
  /** What was asked for, by name. */
  const wanted = new Map<string, { readonly partitions: number; readonly isFlushed: boolean; isAcked: boolean }>();
  await keepWorking(stage, client, async () => {
    if (wanted.size < TOPICS_MAX && (wanted.size < 2 || random.chance(0.05))) {
      wanted.set(`t${wanted.size}`, { partitions: 1 + random.int(3), isFlushed: random.chance(0.4), isAcked: false });
    }
    for (const [name, topic] of wanted) if (!topic.isAcked) await create(name, topic);
    await look();
    await stage.sleep(random.fraction() * 500);
  });

  async function create(
    name: string,
    topic: { readonly partitions: number; readonly isFlushed: boolean; isAcked: boolean },
  ): Promise<void> {
    const version = client.version(CreateTopics, 2);
    if (version === undefined) return history.violate('CreateTopics is not advertised');
    const answer = await client.request(CreateTopics, version, {
      topics: [
        {
          name,
          numPartitions: topic.partitions,
          replicationFactor: 1,
          assignments: [],
          configs: configsOf(topic.isFlushed),
        },
      ],
    });
    const errorCode = answer?.topics[0]?.errorCode;
    stage.note(`${client.name} creates ${name}: ${errorCode ?? 'no answer'}`);
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) topic.isAcked = true;
    else if (errorCode !== undefined) history.count(`create error ${errorCode}`);
  }

  function configsOf(isFlushed: boolean) {
    // Half of the topics roll their segments every few batches.
    const rolls = random.chance(0.5);
    const configs = [
      { name: 'segment.ms', value: String(rolls ? 1 + random.int(random.chance(0.5) ? 100 : 3000) : 604_800_000) },
      { name: 'segment.index.bytes', value: String(rolls ? 24 + random.int(300) : 1_048_576) },
      { name: 'index.interval.bytes', value: String(rolls ? 0 : random.int(4096)) },
    ];
    if (isFlushed) configs.push({ name: 'flush.messages', value: '1' });
    else if (random.chance(0.3)) configs.push({ name: 'flush.ms', value: String(random.int(500)) });
    if (random.chance(0.2)) configs.push({ name: 'message.timestamp.type', value: 'LogAppendTime' });
    return configs;
  }

  /** Reads all metadata and holds it to what was acknowledged before it was asked. */
  async function look(): Promise<void> {
    const version = client.version(Metadata, 10);
    if (version === undefined) return history.violate('Metadata is not advertised');
    const promised = [...wanted].filter(([, { isAcked }]) => isAcked).map(([name]) => name);
    const floors = new Map(
      [...history.topics.values()].flatMap((topic) => topic.partitions.map((each) => [each.name, each.leaderEpoch])),
    );
    const { life } = client;
    const answer = await client.request(Metadata, version, { topics: null });
    if (answer === undefined) return;
    for (const name of promised) {
      if (!answer.topics.some((topic) => topic.name === name)) history.violate(`topic ${name} is gone`);
    }
    for (const { name, topicId, errorCode, partitions } of answer.topics) {
      const topic = wanted.get(name ?? '');
      if (topic === undefined || errorCode !== 0 || name === null) continue;
      history.addTopic(name, partitions.length, { topicId, isFlushed: topic.isFlushed, life });
      for (const { partitionIndex, leaderEpoch } of partitions) {
        const partition = history.partition(name, partitionIndex);
        partition?.toldLeaderEpoch(leaderEpoch, floors.get(partition.name) ?? -1);
      }
    }
  }
}
