import { FindCoordinator, Metadata } from '@ks/protocol';
import { topicKey } from '../../core/metadata/keys.ts';
import { topicFormat } from '../../core/metadata/records.ts';
import { readRecord } from '../../core/metadata/value-format.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SeededRandom } from '../prng.ts';
import { SimClient } from '../sim-client.ts';
import { pick } from '../workload/actor.ts';
import { PORT } from './cluster-config.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { storedPartitions } from './history/cluster-state.ts';

/** A connection to a broker that was said to lead, and in which epoch. */
export interface LeaderConnection {
  readonly client: SimClient;
  readonly brokerId: number;
  readonly leaderEpoch: number;
}

interface KnownLeader {
  readonly brokerId: number;
  readonly leaderEpoch: number;
}

/** A program's connections to the brokers of a cluster: it asks them who leads and who coordinates, and gives up on who does not answer. */
export class ClusterClient {
  readonly name: string;
  readonly #world: ClusterWorld;
  readonly #random: SeededRandom;
  readonly #clients = new Map<number, SimClient>();
  readonly #timeoutMs: number;
  /** By `<topic id> <index>`: the newest leader that this client has heard of; word of an older epoch is not listened to. */
  readonly #leaders = new Map<string, KnownLeader>();
  /** Whether what is known of leaders is to be asked for again. */
  #isStale = true;
  readonly #coordinators = new Map<string, number>();

  constructor(world: ClusterWorld, name: string) {
    this.name = name;
    this.#world = world;
    this.#random = world.random.fork();
    this.#timeoutMs = 1000 + this.#random.int(4000);
  }

  /** Requests that have not been answered. */
  outstanding(): readonly string[] {
    return [...this.#clients.values()].flatMap((client) => client.outstanding());
  }

  close(): void {
    for (const client of this.#clients.values()) if (client.isConnected) client.close();
  }

  /** A connection to the broker; undefined where it cannot be had. */
  async to(brokerId: number): Promise<SimClient | undefined> {
    const client = this.#clientOf(brokerId);
    // Somebody else of this program may be at the greeting.
    if (client.isConnected) return client.knowsVersions ? client : undefined;
    return (await this.within(client, () => client.connect())) ? client : undefined;
  }

  /** A connection to any broker. */
  async toAny(): Promise<SimClient | undefined> {
    const machine = pick(this.#random, this.#world.machines);
    return machine && this.to(machine.brokerId);
  }

  /** A connection to who is said to lead the partition. */
  async toLeader(partition: PartitionHistory): Promise<SimClient | undefined> {
    return (await this.leaderOf(partition))?.client;
  }

  /** The same, with the epoch. */
  async leaderOf(partition: PartitionHistory): Promise<LeaderConnection | undefined> {
    const key = keyOf(partition.topicId, partition.index);
    if (this.#isStale || !this.#leaders.has(key)) await this.refresh();
    const leader = this.#leaders.get(key);
    if (leader === undefined || leader.brokerId < 0) return undefined;
    const client = await this.to(leader.brokerId);
    return client && { client, ...leader };
  }

  /** The newest epoch that this client has heard of; -1: none. */
  leaderEpochOf({ topicId, index }: PartitionHistory): number {
    return this.#leaders.get(keyOf(topicId, index))?.leaderEpoch ?? -1;
  }

  /** A connection to who is said to coordinate the group, or the transactional id. */
  async toCoordinator(kind: 'group' | 'transaction', key: string): Promise<SimClient | undefined> {
    const known = this.#coordinators.get(`${kind} ${key}`);
    if (known !== undefined) return this.to(known);
    const client = await this.toAny();
    const version = client?.version(FindCoordinator, 4);
    if (client === undefined || version === undefined) return undefined;
    const body = { keyType: kind === 'group' ? 0 : 1, coordinatorKeys: [key] };
    const answer = await this.within(client, () => client.request(FindCoordinator, version, body));
    const found = answer?.coordinators[0];
    this.#world.history.count(`find ${kind} coordinator: ${found?.errorCode}`);
    if (found === undefined || found.errorCode !== 0) return undefined;
    this.#coordinators.set(`${kind} ${key}`, found.nodeId);
    return this.to(found.nodeId);
  }

  /** Whether the store names that broker the leader of the groups' partition: who was deposed and cannot know it answers with what it has. */
  isGroupCoordinator(client: SimClient): boolean {
    const topic = this.#world.storeServer.entry(topicKey('__consumer_offsets'));
    if (topic === undefined) return false;
    const { topicId } = readRecord(topic.key, topic.value, topicFormat);
    const leader = storedPartitions(this.#world).find((each) => each.topicId === topicId)?.record.leader ?? -1;
    return this.#clients.get(leader) === client;
  }

  /** What was heard of leaders and coordinators is not to be relied on. */
  forget(): void {
    this.#isStale = true;
    this.#coordinators.clear();
  }

  /** Asks any broker who leads. */
  async refresh(): Promise<void> {
    const client = await this.toAny();
    const version = client?.version(Metadata, 10);
    if (client === undefined || version === undefined) return;
    const answer = await this.within(client, () => client.request(Metadata, version, { topics: null }));
    if (answer === undefined) return;
    this.#isStale = false;
    for (const { topicId, partitions } of answer.topics) {
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
        const key = keyOf(topicId, partitionIndex);
        if (leaderEpoch >= (this.#leaders.get(key)?.leaderEpoch ?? 0)) {
          this.#leaders.set(key, { brokerId: leaderId, leaderEpoch });
        }
      }
    }
  }

  /** Hangs up where the answer does not come in time. */
  async within<T>(client: SimClient, work: () => Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    const { connectionNumber } = client;
    const isSame = () => client.connectionNumber <= connectionNumber + 1;
    const timer = this.#world.clock.setTimer(timeoutMs, () => {
      if (client.isConnected && isSame()) client.close();
    });
    try {
      return await work();
    } finally {
      timer.cancel();
    }
  }

  #clientOf(brokerId: number): SimClient {
    let client = this.#clients.get(brokerId);
    if (client === undefined) {
      const world = this.#world;
      client = new SimClient(`${this.name}`, {
        random: this.#random.fork(),
        life: () => world.machine(brokerId)?.life,
        port: PORT,
        violate: world.history.violate,
        note: (what) => world.note(what),
      });
      this.#clients.set(brokerId, client);
    }
    return client;
  }
}

function keyOf(topicId: string, index: number): string {
  return `${topicId} ${index}`;
}
