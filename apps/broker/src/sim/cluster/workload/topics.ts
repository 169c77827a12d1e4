import { CreateTopics, ErrorCode, Metadata } from '@ks/protocol';
import type { ClusterClient } from '../cluster-client.ts';
import type { ClusterStage } from './cluster-stage.ts';

/** A program that makes the topics of a world and tells the others of them. */
export async function makeTopics(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const { random } = stage;
  const topics = Array.from({ length: 1 + random.int(3) }, (_, index) => ({
    name: `t${index}`,
    numPartitions: 1 + random.int(2),
    // Few topics have fewer replicas than there are brokers.
    replicationFactor: random.chance(0.85) ? 3 : 2,
  }));
  for (const topic of topics) while (!stage.isOver() && !(await create(stage, client, topic))) await stage.sleep(100);
  for (const { name } of topics) while (!stage.isOver() && !(await show(stage, client, name))) await stage.sleep(100);
}

interface WantedTopic {
  readonly name: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
}

async function create(stage: ClusterStage, client: ClusterClient, topic: WantedTopic): Promise<boolean> {
  const broker = await client.toAny();
  const version = broker?.version(CreateTopics, 2);
  if (broker === undefined || version === undefined) return false;
  const body = { topics: [{ ...topic, assignments: [], configs: [] }] };
  const answer = await client.within(broker, () => broker.request(CreateTopics, version, body));
  const errorCode = answer?.topics[0]?.errorCode;
  stage.note(`${client.name} creates ${topic.name}: ${errorCode}`);
  stage.history.count(`create a topic: ${errorCode}`);
  // An earlier try may have succeeded without an answer.
  return errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
}

async function show(stage: ClusterStage, client: ClusterClient, name: string): Promise<boolean> {
  const broker = await client.toAny();
  const version = broker?.version(Metadata, 10);
  if (broker === undefined || version === undefined) return false;
  const answer = await client.within(broker, () => broker.request(Metadata, version, { topics: [{ name }] }));
  const topic = answer?.topics[0];
  if (topic === undefined || topic.errorCode !== 0) return false;
  const traits = { isFlushed: stage.traits.isFlushed, isTrimmed: false, isCompacted: false, isAppendTime: false };
  stage.history.showTopic(name, topic.topicId, topic.partitions.length, traits, 0);
  return true;
}
