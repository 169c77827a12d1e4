import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConsumerGroup } from './consumer-group.ts';
import { defaultGroupConfig } from './group-config.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { topicIdOf } from './topic-fixtures.test-support.ts';
import type { AnyPartitions } from './topic-partitions.ts';

/** A consumer as the Java client behaves: it gives up before it takes, and says what it has. */
class Client {
  readonly memberId: string;
  readonly instanceId: string | null;
  epoch = 0;
  topics: readonly string[] = ['a', 'b'];
  readonly owned = new Set<string>();
  wanted: ReadonlySet<string> = new Set();
  /** It has something to say beside that it lives. */
  mustReport = true;
  isIn = false;

  constructor(memberId: string, instanceId: string | null) {
    this.memberId = memberId;
    this.instanceId = instanceId;
  }

  forget(): void {
    this.epoch = 0;
    this.owned.clear();
    this.wanted = new Set();
    this.mustReport = true;
    this.isIn = false;
  }

  /** Gives up what it is not to have any more, then takes what is new. */
  follow(): void {
    const before = this.owned.size;
    for (const partition of this.owned) if (!this.wanted.has(partition)) this.owned.delete(partition);
    if (this.owned.size !== before) {
      this.mustReport = true;
      return;
    }
    for (const partition of this.wanted) {
      if (this.owned.has(partition)) continue;
      this.owned.add(partition);
      this.mustReport = true;
    }
  }
}

const MEMBERS = 4;
const TOPICS = ['a', 'b', 'c'];

type Step =
  | { readonly type: 'beat'; readonly member: number; readonly isLost: boolean }
  | { readonly type: 'subscribe'; readonly member: number; readonly topics: readonly string[] }
  | { readonly type: 'follow' | 'leave' | 'pause' | 'restart'; readonly member: number }
  | { readonly type: 'grow'; readonly topic: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'fail-over' };

const member = fc.nat(MEMBERS - 1);
const isLost = fc.nat(9).map((chance) => chance === 0);
const topics = fc.subarray(TOPICS, { minLength: 1 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ type: fc.constant('beat' as const), member, isLost }) },
    { weight: 5, arbitrary: fc.record({ type: fc.constant('follow' as const), member }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('subscribe' as const), member, topics }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('leave' as const, 'pause' as const), member }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), member }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('grow' as const), topic: fc.nat(2) }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(100, 1500, 20_000, 46_000) }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'fail-over' as const }) },
  ),
  // Without a size fast-check keeps to a handful of steps.
  { maxLength: 80, size: 'max' },
);

class World {
  readonly harness: ShardHarness;
  readonly clients = Array.from({ length: MEMBERS }, (_, index) => this.#client(index, 0));
  readonly counts = [3, 4, 1];
  #restarts = 0;

  constructor(assignmentIntervalMs: number) {
    const consumer = { ...defaultGroupConfig.consumer, assignmentIntervalMs };
    this.harness = new ShardHarness({ consumer });
    this.#setTopics();
  }

  #client(index: number, restart: number): Client {
    // The last two are static.
    return new Client(`m${index}-${restart}`, index >= MEMBERS - 2 ? `i${index}` : null);
  }

  #setTopics(): void {
    this.harness.setTopics(Object.fromEntries(TOPICS.map((name, index) => [name, this.counts[index] as number])));
  }

  get group(): ConsumerGroup | undefined {
    return this.harness.shard.consumerGroup('g');
  }

  do(step: Step): void {
    switch (step.type) {
      case 'wait':
        this.wait(step.ms);
        break;
      case 'fail-over':
        this.harness.failOver();
        break;
      case 'grow':
        this.counts[step.topic] = Math.min((this.counts[step.topic] as number) + 1, 6);
        this.#setTopics();
        break;
      default:
        this.#doAs(this.clients[step.member] as Client, step);
    }
  }

  #doAs(client: Client, step: Extract<Step, { readonly member: number }>): void {
    switch (step.type) {
      case 'beat':
        this.beat(client, step.isLost);
        break;
      case 'follow':
        client.follow();
        break;
      case 'subscribe':
        client.topics = step.topics;
        client.mustReport = true;
        break;
      case 'leave':
      case 'pause':
        this.#leave(client, step.type === 'pause' && client.instanceId !== null ? -2 : -1);
        break;
      case 'restart': {
        // The process dies without a word; another one takes its place.
        const next = this.#client(step.member, ++this.#restarts);
        next.topics = client.topics;
        this.clients[step.member] = next;
        break;
      }
      default:
        step satisfies never;
    }
  }

  wait(ms: number): void {
    this.harness.advance(ms);
    // Whoever was silent for too long finds out at its next heartbeat, but stops working before (KIP-848: it loses its session, too).
    for (const client of this.clients)
      if (client.isIn && this.group?.member(client.memberId) === undefined) client.forget();
  }

  beat(client: Client, isLost: boolean): void {
    const { memberId, instanceId, epoch } = client;
    const owned = partitionsOf(client.owned);
    const says = client.mustReport || epoch === 0;
    const reply = this.harness.beat(memberId, epoch, {
      instanceId,
      ...(says ? { rebalanceTimeoutMs: 30_000, subscribedTopicNames: client.topics, topicPartitions: owned } : {}),
    });
    if (isLost) {
      client.mustReport = true;
      return;
    }
    if (reply.errorCode !== ErrorCode.NONE) {
      const known = [ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNRELEASED_INSTANCE_ID];
      const fine: readonly number[] = [...known, ErrorCode.FENCED_INSTANCE_ID, ErrorCode.GROUP_ID_NOT_FOUND];
      expect(fine).toContain(reply.errorCode);
      client.forget();
      return;
    }
    client.isIn = true;
    client.mustReport = false;
    client.epoch = reply.memberEpoch;
    if (reply.assignment !== null) client.wanted = namesOf(reply.assignment);
  }

  #leave(client: Client, epoch: number): void {
    if (!client.isIn) return;
    this.harness.beat(client.memberId, epoch, { instanceId: client.instanceId });
    client.forget();
  }

  check(): void {
    this.#checkClients();
    const held = new Set<string>();
    for (const { memberId, assigned, pendingRevocation } of this.group?.members() ?? []) {
      for (const name of [...namesOf(assigned), ...namesOf(pendingRevocation)]) {
        expect(held.has(name), `${name} is with ${memberId} and another`).toBe(false);
        held.add(name);
      }
    }
    expect(this.harness.replayed().durableSnapshot()).toEqual(this.harness.shard.durableSnapshot());
  }

  /** No partition is worked on by two members that are in the group. */
  #checkClients(): void {
    const workers = new Set<string>();
    for (const client of this.clients) {
      if (this.group?.member(client.memberId) === undefined) continue;
      for (const name of client.owned) {
        expect(workers.has(name), `${name} is worked on twice`).toBe(false);
        workers.add(name);
      }
    }
  }

  /** With everyone well and time to talk, the group comes to rest. */
  settle(): void {
    this.wait(60_000);
    for (let round = 0; round < 25; round++) {
      for (const client of this.clients) {
        this.beat(client, false);
        client.follow();
        client.follow();
      }
      this.wait(1100);
      this.check();
    }
    expect(this.group?.state).toBe('Stable');
    const owned = this.clients.flatMap((client) => [...client.owned]).sort();
    const subscribed = new Set(this.clients.flatMap((client) => client.topics));
    const all = TOPICS.flatMap((name, index) =>
      subscribed.has(name) ? Array.from({ length: this.counts[index] as number }, (_, at) => `${name}-${at}`) : [],
    );
    expect(owned).toEqual(all.sort());
  }
}

function namesOf(partitions: AnyPartitions): ReadonlySet<string> {
  return new Set(
    [...partitions].flatMap(([topicId, each]) => [...each.keys()].map((at) => `${topicId.charAt(0)}-${at}`)),
  );
}

function partitionsOf(names: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<number>> {
  const partitions = new Map<string, Set<number>>();
  for (const name of names) {
    const topicId = topicIdOf(name.slice(0, 1));
    const partition = Number(name.slice(2));
    partitions.set(topicId, (partitions.get(topicId) ?? new Set()).add(partition));
  }
  return partitions;
}

test('no partition is ever with two members, the log tells all, and the group comes to rest', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 1000), (all, assignmentIntervalMs) => {
      const world = new World(assignmentIntervalMs);
      for (const step of all) {
        world.do(step);
        world.check();
      }
      world.settle();
    }),
    { numRuns: 60 },
  );
});
