import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignmentBytes, assignedPartitionsOf } from './consumer-protocol.ts';
import { defaultGroupConfig } from './group-config.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { consumerSubscription, topicIdOf } from './topic-fixtures.test-support.ts';
import type { AnyPartitions } from './topic-partitions.ts';

const PARTITIONS = 6;

function numbersOf(partitions: AnyPartitions): ReadonlySet<number> {
  return new Set([...partitions.values()].flatMap((each) => [...each.keys()]));
}

interface Client {
  readonly owned: ReadonlySet<number>;
  readonly memberId: string;
  /** Whether it takes itself for a member. */
  readonly isIn: boolean;
  /** Does what is next for it: talks to the coordinator once, or takes note of an answer. */
  tick(): void;
  leave(): void;
  forget(): void;
}

/** Speaks the new protocol. */
class NewClient implements Client {
  readonly #harness: ShardHarness;
  readonly memberId: string;
  #epoch = 0;
  owned: ReadonlySet<number> = new Set();

  constructor(harness: ShardHarness, memberId: string) {
    this.#harness = harness;
    this.memberId = memberId;
  }

  get isIn(): boolean {
    return this.#epoch > 0;
  }

  tick(): void {
    const topicPartitions = this.owned.size === 0 ? new Map() : new Map([[topicIdOf('t'), this.owned]]);
    const fields = { rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'], topicPartitions };
    const reply = this.#harness.beat(this.memberId, this.#epoch, fields);
    if (reply.errorCode !== ErrorCode.NONE) {
      this.forget();
      return;
    }
    this.#epoch = reply.memberEpoch;
    if (reply.assignment !== null) this.owned = numbersOf(reply.assignment);
  }

  leave(): void {
    if (this.#epoch > 0) this.#harness.beat(this.memberId, -1);
    this.forget();
  }

  forget(): void {
    this.#epoch = 0;
    this.owned = new Set();
  }
}

/** Speaks the classic protocol, eagerly: it gives everything up before it joins again. */
class OldClient implements Client {
  readonly #harness: ShardHarness;
  memberId = '';
  #generationId = -1;
  owned: ReadonlySet<number> = new Set();
  #waitsFor: { readonly type: 'join' | 'sync'; readonly ticket: number } | undefined;

  constructor(harness: ShardHarness) {
    this.#harness = harness;
  }

  get isIn(): boolean {
    return this.#generationId >= 0;
  }

  tick(): void {
    const waitsFor = this.#waitsFor;
    if (waitsFor !== undefined) {
      if (this.#harness.replies.has(waitsFor.ticket)) this.#answered(waitsFor);
      return;
    }
    if (this.#generationId < 0) this.#join();
    else this.#heard(this.#harness.heartbeat(this.memberId, this.#generationId));
  }

  #answered({ type, ticket }: { readonly type: 'join' | 'sync'; readonly ticket: number }): void {
    this.#waitsFor = undefined;
    if (type === 'join') this.#joined(ticket);
    else this.#synced(ticket);
  }

  #join(): void {
    this.owned = new Set();
    const protocols = [{ name: 'range', metadata: consumerSubscription(['t']) }];
    const fields = { protocols, requireKnownMemberId: true, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 30_000 };
    this.#waitsFor = { type: 'join', ticket: this.#harness.join(this.memberId, fields) };
  }

  #joined(ticket: number): void {
    const reply = this.#harness.reply(ticket, 'join');
    if (reply.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.memberId = reply.memberId;
    else if (reply.errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.forget();
    if (reply.errorCode !== ErrorCode.NONE) return;
    this.memberId = reply.memberId;
    this.#generationId = reply.generationId;
    const ids = reply.members.map(({ memberId }) => memberId);
    const assignments = ids.map((memberId, index) => {
      const numbers = Array.from({ length: PARTITIONS }, (_, at) => at).filter((at) => at % ids.length === index);
      const partitions = new Map([[topicIdOf('t'), new Set(numbers)]]);
      return { memberId, assignment: assignmentBytes(partitions, this.#harness.image, 0) };
    });
    const fields = { protocolName: 'range', assignments };
    this.#waitsFor = { type: 'sync', ticket: this.#harness.sync(this.memberId, this.#generationId, {}, fields) };
  }

  #synced(ticket: number): void {
    const { errorCode, assignment } = this.#harness.reply(ticket, 'sync');
    this.#heard(errorCode);
    if (errorCode === ErrorCode.NONE)
      this.owned = numbersOf(assignedPartitionsOf(assignment, this.#harness.image) ?? new Map());
  }

  #heard(errorCode: number): void {
    if (errorCode === ErrorCode.NONE) return;
    expect([22, 25, 27]).toContain(errorCode);
    this.owned = new Set();
    this.#generationId = -1;
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.memberId = '';
  }

  leave(): void {
    if (this.memberId !== '') this.#harness.leave(this.memberId);
    this.forget();
  }

  forget(): void {
    this.memberId = '';
    this.#generationId = -1;
    this.#waitsFor = undefined;
    this.owned = new Set();
  }
}

type Step =
  | { readonly type: 'tick' | 'leave' | 'die'; readonly client: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'fail-over' };

const client = fc.nat(3);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 30, arbitrary: fc.record({ type: fc.constant('tick' as const), client }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('leave' as const, 'die' as const), client }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(500, 4000, 31_000) }) },
    { weight: 1, arbitrary: fc.constant({ type: 'fail-over' as const }) },
  ),
  { maxLength: 100, size: 'max' },
);

class World {
  readonly harness = new ShardHarness({ consumer: { ...defaultGroupConfig.consumer, assignmentIntervalMs: 0 } });
  readonly clients: Client[];
  /** Which clients take part: the others were stopped for good. */
  #names = 0;

  constructor() {
    this.harness.setTopics({ t: PARTITIONS });
    this.clients = [0, 1, 2, 3].map((index) => this.#client(index));
  }

  #client(index: number): Client {
    return index < 2 ? new NewClient(this.harness, `n${this.#names++}`) : new OldClient(this.harness);
  }

  do(step: Step): void {
    switch (step.type) {
      case 'tick':
        this.clients[step.client]?.tick();
        break;
      case 'leave':
        this.clients[step.client]?.leave();
        break;
      case 'die':
        this.clients[step.client] = this.#client(step.client);
        break;
      case 'wait':
        this.wait(step.ms);
        break;
      case 'fail-over':
        this.harness.failOver();
        // Their connections break: what they waited for never comes.
        for (const each of this.clients.slice(2)) if (each.owned.size === 0) each.forget();
        break;
      default:
        step satisfies never;
    }
  }

  wait(ms: number): void {
    this.harness.advance(ms);
    for (const each of this.clients) if (each.isIn && !this.#isMember(each.memberId)) each.forget();
  }

  #isMember(memberId: string): boolean {
    const { shard } = this.harness;
    const classic = shard.group('g');
    const isClassic = classic?.members.has(memberId) === true || classic?.pendingMembers.has(memberId) === true;
    return isClassic || shard.consumerGroup('g')?.member(memberId) !== undefined;
  }

  check(): void {
    const { shard } = this.harness;
    expect(this.harness.replayed().durableSnapshot()).toEqual(shard.durableSnapshot());
    expect(shard.isDurable('g') && shard.consumerGroup('g') !== undefined).toBe(false);
    const workers = new Map<number, string>();
    for (const { owned, memberId } of this.clients) {
      if (!this.#isMember(memberId)) continue;
      for (const partition of owned) {
        expect(workers.get(partition), `${partition} is worked on by ${memberId}, too`).toBeUndefined();
        workers.set(partition, memberId);
      }
    }
  }

  settle(): void {
    this.wait(60_000);
    // Long enough for the sessions of those that died, even if the group changes its kind in between.
    for (let round = 0; round < 50; round++) {
      for (const each of this.clients) each.tick();
      this.wait(4000);
      this.check();
    }
    const owned = this.clients.flatMap((each) => [...each.owned]).sort();
    expect(owned).toEqual(Array.from({ length: PARTITIONS }, (_, at) => at));
  }
}

test('members of both protocols share a group through upgrades and downgrades, and no partition is worked on twice', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const world = new World();
      for (const step of all) {
        world.do(step);
        world.check();
      }
      world.settle();
      expect(world.harness.shard.consumerGroup('g')?.state).toBe('Stable');
      // Those of the new protocol go: the group is a classic one again.
      for (const each of world.clients.slice(0, 2)) each.leave();
      expect(world.harness.shard.consumerGroup('g')).toBeUndefined();
      world.clients.splice(0, 2);
      world.settle();
      expect(world.harness.shard.group('g')?.state).toBe('Stable');
    }),
    { numRuns: 60 },
  );
});
