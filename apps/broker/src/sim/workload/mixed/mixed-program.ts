import { ListGroups } from '@ks/protocol';
import type { MemberTraits } from '../../history/consumer-group-history.ts';
import type { SimClient } from '../../sim-client.ts';
import { choose, keepWorking, type Stage } from '../actor.ts';
import { findCoordinator } from '../find-coordinator.ts';
import { ClassicMixedMember } from './classic-member.ts';
import { ConsumerMixedMember } from './consumer-member.ts';
import { keyOf, MIXED_TOPICS, type MixedGroup } from './mixed-group.ts';
import type { MixedMember } from './mixed-member.ts';
import { OwnedOffsets, type OwningMember } from './owned-offsets.ts';

/** Simulated time within which everything is with somebody when all is whole. */
const SETTLE_MS = 90_000;
const KINDS_SINCE = 5;

/** A program whose processes, one after the other, are members of the mixed group, in either protocol, some with an instance id. */
export function takePartInMixedGroup(group: MixedGroup): (stage: Stage, client: SimClient) => Promise<void> {
  return (stage, client) => new MixedProgram(stage, client, group).run();
}

class MixedProgram {
  readonly #stage: Stage;
  readonly #client: SimClient;
  readonly #group: MixedGroup;
  readonly #topics: readonly string[];
  readonly #instanceId: string | undefined;
  #isClassic: boolean;
  #member: MixedMember;
  #offsets: OwnedOffsets;
  /** The process before, where its time is over as soon as the next one of the same instance is in. */
  #predecessor: OwningMember | undefined;
  /** Who it has been: what such a member sends has to be refused, as long as its leaving cannot be forgotten. */
  #former: { readonly member: OwningMember; readonly memory: number } | undefined;

  /** The connection on which the coordinator was found. */
  #foundOn = -1;

  constructor(stage: Stage, client: SimClient, group: MixedGroup) {
    this.#stage = stage;
    this.#client = client;
    this.#group = group;
    const { random } = stage;
    const { classicChance, staticChance } = group.plan;
    this.#topics = random.chance(0.7) ? MIXED_TOPICS : MIXED_TOPICS.slice(0, 1);
    this.#instanceId = random.chance(staticChance) ? `instance of ${client.name}` : undefined;
    this.#isClassic = random.chance(classicChance);
    this.#offsets = new OwnedOffsets(stage, client, group);
    this.#member = this.#process();
  }

  async run(): Promise<void> {
    const { random, sleep } = this.#stage;
    await keepWorking(this.#stage, this.#client, async () => {
      if (!(await this.#isCoordinated())) return;
      const act = choose(random, [
        [70, () => this.#step()],
        [25, () => this.#commit()],
        [3, () => this.#leave()],
        [2, () => this.#crash()],
        [2, () => sleep(random.fraction() * 2 * this.#group.limits.sessionTimeoutMs)],
        [5, () => this.#haunt()],
      ] as const);
      await act();
      await sleep(random.fraction() * 60);
    });
    await this.#settle();
  }

  async #isCoordinated(): Promise<boolean> {
    const { connectionNumber } = this.#client;
    if (this.#foundOn === connectionNumber && this.#stage.random.chance(0.95)) return true;
    if (!this.#group.isReady) await this.#stage.sleep(50);
    else if (await findCoordinator(this.#stage, this.#client, 'group', this.#group.id)) {
      this.#foundOn = connectionNumber;
      return true;
    }
    return false;
  }

  async #step(): Promise<void> {
    const wasIn = this.#member.identity !== undefined;
    const outcome = await this.#member.step();
    if (outcome === 'refused') this.#begin(!this.#isClassic);
    else if (outcome === 'fenced') this.#begin(this.#isClassic);
    if (!wasIn && this.#member.identity !== undefined && this.#predecessor !== undefined) {
      this.#former = { member: this.#predecessor, memory: this.#memory };
      this.#predecessor = undefined;
    }
  }

  async #commit(): Promise<void> {
    const { identity, owned } = this.#member;
    if (identity === undefined) return;
    const errorCode = await this.#offsets.goOn(identity, owned);
    if (errorCode !== undefined && errorCode !== 0) this.#member.refusedCommit(errorCode);
  }

  async #leave(): Promise<void> {
    const { identity } = this.#member;
    const memory = this.#memory;
    const isOut = await this.#member.leave();
    if (isOut && identity !== undefined && memory === this.#memory) this.#former = { member: identity, memory };
    this.#beginAnew(isOut ? undefined : identity);
  }

  async #crash(): Promise<void> {
    const { identity } = this.#member;
    this.#member.vanish();
    this.#client.close();
    this.#beginAnew(identity);
  }

  /** The next process, perhaps of another release. */
  #beginAnew(predecessor: OwningMember | undefined): void {
    const { classicChance } = this.#group.plan;
    const migrates = classicChance > 0 && classicChance < 1 && this.#stage.random.chance(0.4);
    this.#begin(migrates ? !this.#isClassic : this.#isClassic);
    if (this.#instanceId !== undefined && predecessor !== undefined) this.#predecessor = predecessor;
  }

  #begin(isClassic: boolean): void {
    this.#predecessor = undefined;
    this.#isClassic = isClassic;
    this.#offsets = new OwnedOffsets(this.#stage, this.#client, this.#group);
    this.#member = this.#process();
  }

  #process(): MixedMember {
    const { random } = this.#stage;
    const limits = this.#isClassic
      ? { sessionTimeoutMs: 500 + random.int(2000), rebalanceTimeoutMs: 500 + random.int(3000) }
      : this.#group.limits;
    const traits: MemberTraits = { limits, isClassic: this.#isClassic, instanceId: this.#instanceId };
    const on = {
      ...{ stage: this.#stage, client: this.#client, group: this.#group, offsets: this.#offsets },
      ...{ topics: this.#topics, traits },
    };
    return this.#isClassic ? new ClassicMixedMember(on) : new ConsumerMixedMember(on);
  }

  /**
   * Another one when the coordinator may have forgotten who left: a classic group's change is written with its next generation only, as in
   * Kafka, so that the end of a process is enough; a power cut takes what was written.
   */
  get #memory(): number {
    const { lifeCount, cutCount } = this.#group.history;
    return this.#group.plan.classicChance > 0 ? lifeCount : cutCount;
  }

  /** Commits as a member that is out. */
  async #haunt(): Promise<void> {
    const { random, history } = this.#stage;
    const former = this.#former;
    if (former === undefined) return;
    const topic = this.#topics[random.int(this.#topics.length)] ?? '';
    const key = keyOf(topic, random.int(this.#group.partitionCount(topic)));
    const errorCode = await this.#offsets.commit(former.member, key, random.int(100));
    history.count(`mixed commit of a member that is out: ${errorCode}`);
    if (errorCode === 0 && former.memory === this.#memory) {
      history.violate(`group ${this.#group.id}: ${former.member.memberId} is out and committed`);
    }
  }

  /** Everything is whole: all has to be with somebody before long, and the group of the kind that its members make it. */
  async #settle(): Promise<void> {
    const { history, clock, random, sleep } = this.#stage;
    const { present, history: group } = this.#group;
    const own = `settling ${this.#client.name}`;
    // Nothing is settled before all have got here.
    present.set(own, { topics: this.#topics, isClassic: this.#isClassic });
    const endMs = clock.monotonicMs() + SETTLE_MS;
    while (!(await this.#isSettled())) {
      if (clock.monotonicMs() > endMs) {
        return history.violate(`group ${group.group}: ${this.#client.name} waits in vain for all to be with somebody`);
      }
      const isThere = this.#client.isConnected || (await this.#client.connect());
      if (isThere && (await this.#isCoordinated())) await this.#step();
      const { identity } = this.#member;
      if (identity !== undefined && present.has(identity.memberId)) present.delete(own);
      await sleep(20 + random.fraction() * 50);
    }
    present.delete(own);
  }

  async #isSettled(): Promise<boolean> {
    const { present, history } = this.#group;
    if (!this.#group.isReady || !history.isSettled(new Set(present.keys()), this.#group.wanted())) return false;
    if (!this.#group.isOfRightKind && this.#client.isConnected) this.#group.isOfRightKind = await this.#isOfRightKind();
    return this.#group.isOfRightKind;
  }

  async #isOfRightKind(): Promise<boolean> {
    const { policy } = this.#group.plan;
    const version = this.#client.version(ListGroups, KINDS_SINCE);
    if (version === undefined) throw new Error('ListGroups is not advertised');
    const answer = await this.#client.request(ListGroups, version, { statesFilter: [], typesFilter: [] });
    const kind = answer?.groups.find(({ groupId }) => groupId === this.#group.id)?.groupType;
    this.#stage.history.count(`mixed group in the end: ${kind}`);
    const hasConsumers = [...this.#group.present.values()].some(({ isClassic }) => !isClassic);
    if (hasConsumers) return kind === 'consumer';
    return policy === 'disabled' || policy === 'upgrade' ? kind !== undefined : kind === 'classic';
  }
}
