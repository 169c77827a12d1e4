import { CreatePartitions, CreateTopics, DeleteTopics, ErrorCode, Metadata, ZERO_UUID } from '@ks/protocol';
import type { PartitionHistory, TopicTraits } from '../history/partition-history.ts';
import type { SeededRandom } from '../prng.ts';
import type { SimClient } from '../sim-client.ts';
import { keepWorking, pick, type Stage } from './actor.ts';

/** Topics of one world, at a time. */
const TOPICS_MAX = 4;

/** A topic that is wanted, and how far it got. */
interface Wanted {
  readonly name: string;
  readonly traits: TopicTraits;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
  partitionCount: number;
  state: 'creating' | 'created' | 'deleting';
}

/** A program that creates, extends and deletes topics and holds the metadata to what was acknowledged. */
export function administrate(stage: Stage, client: SimClient): Promise<void> {
  return new Administrator(stage, client).run();
}

class Administrator {
  readonly #stage: Stage;
  readonly #client: SimClient;
  readonly #wanted = new Map<string, Wanted>();
  /** Ids of topics whose deletion was acknowledged. */
  readonly #gone = new Set<string>();

  constructor(stage: Stage, client: SimClient) {
    this.#stage = stage;
    this.#client = client;
  }

  async run(): Promise<void> {
    const { random } = this.#stage;
    await keepWorking(this.#stage, this.#client, async () => {
      this.#decide();
      for (const topic of [...this.#wanted.values()]) {
        if (topic.state === 'creating') await this.#create(topic);
        else if (topic.state === 'deleting') await this.#delete(topic);
        else if (random.chance(0.02) && topic.partitionCount < 5) await this.#extend(topic);
      }
      await this.#look();
      await this.#stage.sleep(random.fraction() * 300);
    });
  }

  #decide(): void {
    const { random, history } = this.#stage;
    const count = this.#wanted.size;
    if (count < 2 || (count < TOPICS_MAX && random.chance(0.1))) {
      const topic = wantedTopic(random, `t${random.int(TOPICS_MAX + 2)}`);
      if (!this.#wanted.has(topic.name)) this.#wanted.set(topic.name, topic);
    } else if (random.chance(0.03)) {
      const topic = pick(random, [...this.#wanted.values()]);
      if (topic?.state !== 'created') return;
      topic.state = 'deleting';
      history.doom(topic.name);
    }
  }

  async #create(topic: Wanted): Promise<void> {
    const version = this.#version(CreateTopics, 2);
    const { name, configs, partitionCount } = topic;
    const answer = await this.#client.request(CreateTopics, version, {
      topics: [{ name, numPartitions: partitionCount, replicationFactor: 1, assignments: [], configs: [...configs] }],
    });
    const errorCode = answer?.topics[0]?.errorCode;
    this.#tell(`creates ${name}`, errorCode);
    // An earlier try may have succeeded without an answer.
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) topic.state = 'created';
  }

  async #delete(topic: Wanted): Promise<void> {
    const version = this.#version(DeleteTopics, 1);
    const { name } = topic;
    const id = this.#stage.history.topics.get(name)?.topicId;
    const answer = await this.#client.request(DeleteTopics, version, {
      ...(version >= 6 ? { topics: [{ name, topicId: ZERO_UUID }] } : { topicNames: [name] }),
      timeoutMs: 30_000,
    });
    const errorCode = answer?.responses[0]?.errorCode;
    this.#tell(`deletes ${name}`, errorCode);
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return;
    this.#wanted.delete(name);
    this.#stage.history.deleted(name);
    if (id !== undefined) this.#gone.add(id);
  }

  async #extend(topic: Wanted): Promise<void> {
    const version = this.#version(CreatePartitions, 0);
    const count = topic.partitionCount + 1;
    const answer = await this.#client.request(CreatePartitions, version, {
      topics: [{ name: topic.name, count, assignments: null }],
      timeoutMs: 30_000,
      validateOnly: false,
    });
    const errorCode = answer?.results[0]?.errorCode;
    this.#tell(`extends ${topic.name} to ${count}`, errorCode);
    if (errorCode === ErrorCode.NONE) topic.partitionCount = count;
  }

  /** Reads all metadata and holds it to what was acknowledged before it was asked. */
  async #look(): Promise<void> {
    const { history } = this.#stage;
    const version = this.#version(Metadata, 10);
    const promised = [...this.#wanted.values()].filter(({ state }) => state === 'created');
    const counts = new Map(promised.map(({ name, partitionCount }) => [name, partitionCount]));
    const gone = new Set(this.#gone);
    const floors = new Map<PartitionHistory, number>(history.partitions().map((each) => [each, each.leaderEpoch]));
    const { life } = this.#client;
    const answer = await this.#client.request(Metadata, version, { topics: null });
    if (answer === undefined) return;
    const shown = new Map(answer.topics.map((topic) => [topic.name, topic]));
    for (const { topicId, name } of answer.topics) {
      if (gone.has(topicId)) history.violate(`topic ${name} was deleted and is shown`);
    }
    for (const { name, traits } of promised) {
      const topic = shown.get(name);
      if (topic === undefined) history.violate(`topic ${name} is gone`);
      else if (topic.errorCode !== 0) history.count(`metadata error ${topic.errorCode}`);
      else {
        const { partitions } = topic;
        if (partitions.length < (counts.get(name) ?? 0)) history.violate(`topic ${name} has lost partitions`);
        history.showTopic(name, topic.topicId, partitions.length, traits, life);
        for (const { partitionIndex, leaderEpoch } of partitions) {
          const partition = history.partition(name, partitionIndex);
          if (partition !== undefined) partition.toldLeaderEpoch(leaderEpoch, floors.get(partition) ?? -1);
        }
      }
    }
  }

  #version(api: Parameters<SimClient['version']>[0], min: number): number {
    const version = this.#client.version(api, min);
    if (version === undefined) throw new Error(`${api.name} is not advertised`);
    return version;
  }

  #tell(what: string, errorCode: number | undefined): void {
    this.#stage.note(`${this.#client.name} ${what}: ${errorCode ?? 'no answer'}`);
    this.#stage.history.count(`${what.split(' ')[0]} a topic: ${errorCode ?? 'no answer'}`);
  }
}

function wantedTopic(random: SeededRandom, name: string): Wanted {
  const isFlushed = random.chance(0.4);
  const isCompacted = random.chance(0.25);
  const isTrimmed = !isCompacted && random.chance(0.2);
  const isAppendTime = random.chance(0.2);
  // Half of the topics roll their segments every few batches.
  const rolls = isTrimmed || isCompacted || random.chance(0.5);
  const settings: Record<string, string | number> = {
    'segment.ms': rolls ? 1 + random.int(random.chance(0.5) ? 100 : 3000) : 604_800_000,
    'segment.index.bytes': rolls ? 24 + random.int(300) : 1_048_576,
    'index.interval.bytes': rolls ? 0 : random.int(4096),
  };
  if (isFlushed) settings['flush.messages'] = 1;
  else if (random.chance(0.3)) settings['flush.ms'] = random.int(500);
  if (isAppendTime) settings['message.timestamp.type'] = 'LogAppendTime';
  if (isCompacted) {
    settings['cleanup.policy'] = 'compact';
    settings['min.cleanable.dirty.ratio'] = random.chance(0.5) ? 0 : 0.3;
    // Tombstones stay, so that whoever reads from the start to the end sees each.
    settings['delete.retention.ms'] = 3_600_000;
    if (random.chance(0.3)) settings['min.compaction.lag.ms'] = random.int(1000);
  }
  if (isTrimmed && random.chance(0.5)) settings['retention.ms'] = 100 + random.int(3000);
  else if (isTrimmed) settings['retention.bytes'] = random.int(30_000);
  return {
    name,
    traits: { isFlushed, isTrimmed, isCompacted, isAppendTime },
    configs: Object.entries(settings).map(([key, value]) => ({ name: key, value: String(value) })),
    partitionCount: 1 + random.int(3),
    state: 'creating',
  };
}
