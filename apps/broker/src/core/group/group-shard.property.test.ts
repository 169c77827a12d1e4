import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';
import type { JoinReply } from './replies.ts';

const actor = fc.nat(4);
const step = fc.oneof(
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
  if (group === undefined) return;
  const ids = new Set(group.members.keys());
  for (const id of group.pendingSyncs) expect(ids).toContain(id);
  expect(group.members.size).toBeLessThanOrEqual(5);
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
  for (const id of ids) expect([...harness.timers.keys()]).toContain(JSON.stringify(['session', 'g', id]));
}

test('whatever members do in whatever order, the group stays consistent and nobody waits for ever', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const actors = new Actors();
      const { harness } = actors;
      for (const each of steps) {
        actors.run(each);
        checkGroup(harness);
      }
      for (const replies of actors.generations.values()) {
        // Within a generation all were told the same protocol; who was told a list of members leads.
        expect(new Set(replies.map((reply) => reply.protocolName)).size).toBe(1);
      }
      harness.autoCommit = true;
      harness.commit();
      harness.advance(1_000_000);
      expect([...harness.parked]).toEqual([]);
      expect(harness.timers.size).toBe(0);
      harness.send({ type: 'expire-offsets', groupId: 'g' });
      expect(harness.shard.group('g')).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});
