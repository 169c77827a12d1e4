import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';
import { type ClassicGroup, hasAllMembersJoined } from './classic-group.ts';
import type { JoinReply } from './replies.ts';

const actor = fc.nat(3);
const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('gather' as const), actor, instance: fc.option(fc.nat(1)) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('rejoin' as const), spared: fc.option(actor) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('sync' as const), actor, behind: fc.constant(false) }), weight: 4 },
  fc.record({
    do: fc.constant('join' as const),
    actor,
    subscription: fc.nat(1),
    known: fc.boolean(),
    instance: fc.option(fc.nat(1)),
  }),
  fc.record({ do: fc.constant('sync' as const), actor, behind: fc.boolean() }),
  fc.record({ do: fc.constant('heartbeat' as const), actor, behind: fc.boolean() }),
  fc.record({ do: fc.constant('leave' as const), actor }),
  fc.record({ do: fc.constant('offset' as const), actor, offset: fc.nat(100) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 500, 3000, 9999, 10_000, 60_000) }),
  fc.record({
    do: fc.constantFrom(
      'commit' as const,
      'fail' as const,
      'hold' as const,
      'release' as const,
      'delete' as const,
      'expire' as const,
      'failOver' as const,
    ),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Five clients that do what clients do, at any moment and with answers that may be old. */
class Actors {
  readonly harness = new ShardHarness({ maxSize: 4, offsetsRetentionMs: 50_000 });
  readonly #ids: string[] = ['', '', '', '', ''];
  readonly #joins = new Map<number, number>();
  /** Successful joins by generation since the last failover. */
  readonly generations = new Map<number, JoinReply[]>();

  run(step: Step): void {
    const { harness } = this;
    const generation = harness.shard.group('g')?.generationId ?? 0;
    switch (step.do) {
      case 'join': {
        const groupInstanceId = step.instance === null ? null : `i${step.instance}`;
        const ticket = harness.join(step.known ? this.#id(step.actor) : '', {
          groupInstanceId,
          requireKnownMemberId: step.actor % 2 === 0,
          protocols: [{ name: 'range', metadata: Uint8Array.of(step.subscription) }],
        });
        this.#joins.set(ticket, step.actor);
        break;
      }
      case 'gather':
        // Two come together, as when an application starts.
        for (const each of [step.actor, (step.actor + 1) % 4]) {
          const groupInstanceId = step.instance === null ? null : `i${(step.instance + each) % 2}`;
          this.#joins.set(harness.join('', { groupInstanceId }), each);
        }
        harness.advance(6000);
        break;
      case 'rejoin':
        for (const each of [0, 1, 2, 3]) {
          const member = harness.shard.group('g')?.members.get(this.#id(each));
          if (each === step.spared || member === undefined) continue;
          this.#joins.set(harness.join(member.memberId, { groupInstanceId: member.groupInstanceId }), each);
        }
        break;
      case 'sync':
        harness.sync(this.#id(step.actor), step.behind ? generation - 1 : generation, {
          [this.#id(step.actor)]: step.actor,
        });
        break;
      case 'heartbeat':
        harness.sendHeartbeat(this.#id(step.actor), step.behind ? generation - 1 : generation);
        break;
      case 'leave':
        harness.leave(this.#id(step.actor));
        break;
      case 'offset':
        harness.commitOffset(this.#id(step.actor), this.#id(step.actor) === '' ? -1 : generation, step.offset);
        break;
      case 'advance':
        harness.advance(step.ms);
        break;
      case 'hold':
        harness.autoCommit = false;
        break;
      case 'release':
        harness.autoCommit = true;
        harness.commit();
        break;
      case 'delete':
        harness.send({ type: 'delete', groupId: 'g' });
        break;
      case 'expire':
        harness.send({ type: 'expire-offsets', groupId: 'g' });
        break;
      case 'failOver':
        harness.failOver();
        this.generations.clear();
        break;
      default:
        harness[step.do]();
    }
    this.#learn();
  }

  #id(actor: number): string {
    return this.#ids[actor] ?? '';
  }

  #learn(): void {
    if (this.harness.shard.group('g') === undefined) this.generations.clear();
    for (const [ticket, actor] of this.#joins) {
      const reply = this.harness.replies.get(ticket);
      if (reply?.type !== 'join') continue;
      this.#joins.delete(ticket);
      this.#ids[actor] = reply.memberId;
      if (reply.errorCode !== 0) continue;
      const others = this.generations.get(reply.generationId) ?? [];
      this.generations.set(reply.generationId, [...others, reply]);
    }
  }
}

function checkGroup(harness: ShardHarness): void {
  expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  const group = harness.shard.group('g');
  const waiting = [...(group?.members.values() ?? [])].flatMap((member) =>
    [member.waitingJoin ?? [], member.waitingSync ?? []].flat(),
  );
  for (const ticket of waiting) expect(harness.parked.has(ticket)).toBe(true);
  // Nobody is forgotten: who is parked waits as a member, or for a commit.
  const owed = new Set([...waiting, ...harness.heldTickets]);
  for (const ticket of harness.parked) expect(owed).toContain(ticket);
  if (group === undefined) return;
  checkDurable(harness, group);
  const ids = new Set(group.members.keys());
  for (const id of group.pendingSyncs) expect(ids).toContain(id);
  // group.max.size counts who has come back while a rebalance gathers.
  const joined = [...group.members.values()].filter((member) => member.waitingJoin !== undefined);
  expect(joined.length).toBeLessThanOrEqual(harness.config.maxSize);
  const metadataBytes = [...group.members.values()]
    .flatMap((member) => member.protocols)
    .reduce((sum, { name, metadata }) => sum + name.length + metadata.length, 0);
  expect(group.metadataBytes).toBe(metadataBytes);
  const instances = [...group.members.values()].flatMap((member) => member.groupInstanceId ?? []);
  expect(new Set(instances).size).toBe(instances.length);
  if (group.state === 'Empty') expect(group.members.size).toBe(0);
  else expect(group.members.size + group.pendingMembers.size).toBeGreaterThan(0);
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') {
    expect(ids).toContain(group.leader);
    for (const member of group.members.values()) expect(member.waitingJoin).toBeUndefined();
  }
  if (group.state === 'Stable') for (const member of group.members.values()) expect(member.waitingSync).toBeUndefined();
  const kinds = [...harness.timers.keys()].map((key) => JSON.parse(key)[0]);
  if (group.state === 'PreparingRebalance') expect(kinds).toContain('join');
  else expect(kinds).not.toContain('join');
  expect(kinds.includes('sync')).toBe(group.pendingSyncs.size > 0);
  // Nobody waits for a rebalance that waits for nobody.
  if (group.state === 'PreparingRebalance' && group.initialDelay === undefined && group.members.size > 0) {
    expect(hasAllMembersJoined(group)).toBe(false);
  }
  for (const id of ids) expect([...harness.timers.keys()]).toContain(JSON.stringify(['session', 'g', id]));
}

/** When nothing is on its way, a stable or empty group is in the log as it is. */
function checkDurable(harness: ShardHarness, group: ClassicGroup): void {
  if (harness.hasHeld || (group.state !== 'Stable' && group.state !== 'Empty')) return;
  const replayed = harness.replayed();
  replayed.loaded(harness.now);
  const durable = replayed.group('g');
  const essence = (of: ClassicGroup | undefined) => ({
    generationId: of?.generationId,
    leader: of?.leader,
    members: [...(of?.members.values() ?? [])].map((member) => [member.memberId, member.assignment]),
  });
  if (group.state === 'Stable' || group.pendingMembers.size === 0) expect(essence(durable)).toEqual(essence(group));
}

test('whatever members do in whatever order, the group stays consistent and nobody waits for ever', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const actors = new Actors();
      const { harness } = actors;
      for (const each of steps) {
        actors.run(each);
        checkGroup(harness);
      }
      for (const replies of actors.generations.values()) {
        // Within a generation one member at most was told to assign.
        const assigning = replies.filter((reply) => reply.members.length > 0 && !reply.skipAssignment);
        expect(new Set(assigning.map((reply) => reply.memberId)).size).toBeLessThanOrEqual(1);
      }
      harness.autoCommit = true;
      harness.commit();
      harness.advance(1_000_000);
      expect([...harness.parked]).toEqual([]);
      expect(harness.timers.size).toBe(0);
      harness.send({ type: 'expire-offsets', groupId: 'g' });
      expect(harness.shard.group('g')).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});
