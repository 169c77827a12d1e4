import { CreatePartitions, CreateTopics, Metadata } from '@ks/protocol';
import type { SimClient } from '../../sim-client.ts';
import { keepWorking, type Stage } from '../actor.ts';
import { MIXED_TOPICS, type MixedGroup } from './mixed-group.ts';

const PARTITIONS_MAX = 6;
const TOPIC_IDS_SINCE = 10;

/** A program that makes the topics of the mixed group, and has them grow now and then. */
export function keepMixedTopics(group: MixedGroup): (stage: Stage, client: SimClient) => Promise<void> {
  return async (stage, client) => {
    const work = async (): Promise<void> => {
      const { random } = stage;
      if (!group.isReady) await create(client, group);
      else if (random.chance(0.1)) await extend(client, group, MIXED_TOPICS[random.int(MIXED_TOPICS.length)] ?? '');
      await look(client, group);
      await stage.sleep(group.isReady ? random.fraction() * 1000 : 20);
    };
    await keepWorking(stage, client, work);
    while (!group.isReady) {
      if (client.isConnected || (await client.connect())) await work();
      else await stage.sleep(20);
    }
  };
}

async function create(client: SimClient, group: MixedGroup): Promise<void> {
  const version = client.version(CreateTopics, 2);
  if (version === undefined) throw new Error('CreateTopics is not advertised');
  const topics = MIXED_TOPICS.map((name, index) => ({ name, numPartitions: 2 + index, replicationFactor: 1 }));
  await client.request(CreateTopics, version, {
    topics: topics
      .filter(({ name }) => group.partitionCount(name) === 0)
      .map((topic) => ({ ...topic, assignments: [], configs: [] })),
  });
}

async function extend(client: SimClient, group: MixedGroup, name: string): Promise<void> {
  const version = client.version(CreatePartitions, 0);
  if (version === undefined) throw new Error('CreatePartitions is not advertised');
  const count = group.partitionCount(name) + 1;
  if (count > PARTITIONS_MAX) return;
  await client.request(CreatePartitions, version, {
    topics: [{ name, count, assignments: null }],
    timeoutMs: 30_000,
    validateOnly: false,
  });
}

async function look(client: SimClient, group: MixedGroup): Promise<void> {
  const version = client.version(Metadata, TOPIC_IDS_SINCE);
  if (version === undefined) throw new Error('Metadata is not advertised');
  const answer = await client.request(Metadata, version, { topics: MIXED_TOPICS.map((name) => ({ name })) });
  for (const { name, topicId, errorCode, partitions } of answer?.topics ?? []) {
    if (errorCode === 0 && name !== null) group.shows(name, topicId, partitions.length);
  }
}
