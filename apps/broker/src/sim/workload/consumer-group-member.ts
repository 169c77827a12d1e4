import { ConsumerGroupHeartbeat, ErrorCode, type RequestInput, type ResponseOf } from '@ks/protocol';
import type { Beat, ConsumerGroupHistory } from '../history/consumer-group-history.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';
import { commitOffsets, fetchCommitted } from './committed-offsets.ts';
import { findCoordinator } from './find-coordinator.ts';

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
/** From here on a client makes its member id, and may subscribe by a regular expression. */
const OWN_ID_SINCE = 1;
/** OffsetCommit from here on may be one of a consumer group. */
const COMMIT_SINCE = 9;
/** Simulated time within which everything is with somebody when all is whole. */
const SETTLE_MS = 60_000;
/** After these a member has to join again. */
const OUT: readonly number[] = [
  ErrorCode.FENCED_MEMBER_EPOCH,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.GROUP_ID_NOT_FOUND,
];
const TOPICS = ['t0', 't1', 't2', 't3', 't4', 't5'];

/** What the members of one group share. */
export interface ConsumerGroupStage {
  readonly history: ConsumerGroupHistory;
  /** Ids of the members that are there, and the topics each subscribes to. */
  readonly present: Map<string, RegExp>;
}

/** What a member subscribes to. */
interface Subscription {
  readonly names: readonly string[] | undefined;
  readonly regex: string | undefined;
  readonly matches: RegExp;
}

/** A program that is a member of a consumer group (KIP-848). */
export function takePartByHeartbeats(group: ConsumerGroupStage): (stage: Stage, client: SimClient) => Promise<void> {
  return (stage, client) => new ConsumerGroupMember(stage, client, group).run();
}

function keyOf(topicId: string, index: number): string {
  return `${topicId} ${index}`;
}

class ConsumerGroupMember {
  readonly #stage: Stage;
  readonly #client: SimClient;
  readonly #group: ConsumerGroupStage;
  readonly #subscription: Subscription;
  #memberId = '';
  #memberEpoch = JOIN_EPOCH;
  #has = new Set<string>();
  /** What it was told to have. */
  #target = new Set<string>();
  /** What it has told the broker last; undefined where the broker may not have heard it. */
  #said: string | undefined;
  /** Members that it has been: what they send has to be refused. */
  #former: { readonly memberId: string; readonly memberEpoch: number; readonly cutCount: number } | undefined;
  #idCount = 0;

  constructor(stage: Stage, client: SimClient, group: ConsumerGroupStage) {
    this.#stage = stage;
    this.#client = client;
    this.#group = group;
    this.#subscription = subscriptionOf(stage);
  }

  async run(): Promise<void> {
    const { random, sleep } = this.#stage;
    await keepWorking(this.#stage, this.#client, async () => {
      if (!(await findCoordinator(this.#stage, this.#client, 'group', this.#group.history.group))) return;
      const act = choose(random, [
        [60, () => this.#beat()],
        [25, () => this.#commit()],
        [3, () => this.#leave()],
        [2, () => this.#vanish()],
        [2, () => sleep(random.fraction() * 2 * this.#group.history.limits.sessionTimeoutMs)],
        [5, () => this.#haunt()],
      ] as const);
      await act();
      await sleep(random.fraction() * 60);
    });
    await this.#settle();
  }

  /** Says that it lives, gives up what it must, and takes what it is given. */
  async #beat(): Promise<void> {
    const { random } = this.#stage;
    // Giving up takes its time: now and then too long.
    const isSlow = this.#has.size > 0 && random.chance(0.3);
    if (!isSlow) for (const key of [...this.#has]) if (!this.#target.has(key)) this.#has.delete(key);
    const answer = await this.#send(this.#memberEpoch, this.#memberEpoch === JOIN_EPOCH || random.chance(0.1));
    if (answer === undefined || answer.errorCode !== 0) return;
    this.#group.present.set(this.#memberId, this.#subscription.matches);
  }

  async #send(memberEpoch: number, saysAll: boolean): Promise<ResponseOf<typeof ConsumerGroupHeartbeat> | undefined> {
    const { history, clock, note } = this.#stage;
    const group = this.#group.history;
    const { regex, names } = this.#subscription;
    const version = this.#client.version(ConsumerGroupHeartbeat, regex === undefined ? 0 : OWN_ID_SINCE);
    if (version === undefined) throw new Error('ConsumerGroupHeartbeat is not advertised');
    const isJoining = memberEpoch === JOIN_EPOCH;
    if (isJoining) {
      this.#has.clear();
      this.#target.clear();
      if (this.#memberId === '' && version >= OWN_ID_SINCE) this.#memberId = this.#newId();
    }
    const owned = [...this.#has].sort().join();
    const saysOwned = isJoining || saysAll || owned !== this.#said;
    const body: RequestInput<typeof ConsumerGroupHeartbeat> = {
      groupId: group.group,
      memberId: this.#memberId,
      memberEpoch,
      ...(saysAll || isJoining
        ? {
            rebalanceTimeoutMs: group.limits.rebalanceTimeoutMs,
            subscribedTopicNames: names === undefined ? null : [...names],
            ...(regex === undefined ? {} : { subscribedTopicRegex: regex }),
          }
        : {}),
      topicPartitions: saysOwned ? partitionsOf(this.#has) : null,
    };
    // A member without an id of its own gets to know it by the answer: nothing can be with it before.
    const beat = group.beats(this.#memberId, memberEpoch, saysOwned ? this.#has : undefined, clock.monotonicMs());
    this.#said = undefined;
    const answer = await this.#client.request(ConsumerGroupHeartbeat, version, body);
    if (answer === undefined) return undefined;
    const { errorCode } = answer;
    history.count(`consumer heartbeat: ${errorCode}`);
    note(`${this.#client.name} beats as ${this.#memberId}@${memberEpoch} with ${this.#has.size}: ${errorCode}`);
    if (errorCode === ErrorCode.NONE) {
      this.#said = owned;
      if (memberEpoch >= JOIN_EPOCH) this.#hear(beat, answer);
    } else if (OUT.includes(errorCode)) {
      if (errorCode !== ErrorCode.FENCED_MEMBER_EPOCH && memberEpoch > JOIN_EPOCH) {
        group.forgotten(beat, clock.monotonicMs());
      }
      this.#isOut();
    }
    return answer;
  }

  #hear(beat: Beat, answer: ResponseOf<typeof ConsumerGroupHeartbeat>): void {
    const { history, clock } = this.#stage;
    const { assignment, memberEpoch } = answer;
    const memberId = beat.memberId === '' ? (answer.memberId ?? '') : beat.memberId;
    if (memberId === '') history.violate(`${this.#client.name}: a member without an id was let in`);
    this.#memberId = memberId;
    this.#memberEpoch = memberEpoch;
    const told = assignment?.topicPartitions.flatMap(({ topicId, partitions }) =>
      partitions.map((index) => keyOf(topicId, index)),
    );
    const target = told === undefined ? undefined : new Set(told);
    this.#group.history.told({ ...beat, memberId }, memberEpoch, target, clock.monotonicMs());
    if (target === undefined) return;
    this.#target = target;
    for (const key of target) this.#has.add(key);
  }

  #isOut(): void {
    this.#group.history.isOut(this.#memberId);
    this.#group.present.delete(this.#memberId);
    this.#memberEpoch = JOIN_EPOCH;
    this.#has.clear();
    this.#target.clear();
    this.#said = undefined;
  }

  async #leave(): Promise<void> {
    if (this.#memberEpoch === JOIN_EPOCH) return;
    const { memberId, memberEpoch } = { memberId: this.#memberId, memberEpoch: this.#memberEpoch };
    const { cutCount } = this.#group.history;
    const answer = await this.#send(LEAVE_EPOCH, false);
    if (answer?.errorCode === 0) this.#former = { memberId, memberEpoch, cutCount };
    this.#isOut();
    this.#memberId = '';
  }

  /** Ends without a word and comes back as another: its session has to run out. */
  async #vanish(): Promise<void> {
    this.#group.present.delete(this.#memberId);
    this.#memberId = '';
    this.#memberEpoch = JOIN_EPOCH;
    this.#client.close();
  }

  async #commit(): Promise<void> {
    const { random, history } = this.#stage;
    const group = this.#group.history;
    const mine = history
      .partitions()
      .filter(({ topicId, index, isDoomed }) => !isDoomed && this.#has.has(keyOf(topicId, index)));
    const partition = pick(random, mine);
    if (partition === undefined || this.#memberEpoch === JOIN_EPOCH) return;
    if (random.chance(0.4)) return fetchCommitted(this.#stage, this.#client, group.group, partition);
    const { cutCount } = group;
    const isLost = mine.some(({ topicId, index }) => group.isWithAnother(this.#memberId, keyOf(topicId, index)));
    const committer = this.#committer(this.#memberId, this.#memberEpoch);
    const errorCode = await commitOffsets(this.#stage, this.#client, committer, offsetsOf(this.#stage, mine));
    if (errorCode === 0 && isLost && cutCount === group.cutCount) {
      history.violate(`group ${group.group}: ${committer.memberId} committed what another member has`);
    }
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#isOut();
  }

  /** Commits as a member that has left. */
  async #haunt(): Promise<void> {
    const { history, random } = this.#stage;
    const former = this.#former;
    const partition = pick(random, history.partitions());
    if (former === undefined || partition === undefined) return;
    const committer = this.#committer(former.memberId, former.memberEpoch);
    const errorCode = await commitOffsets(this.#stage, this.#client, committer, offsetsOf(this.#stage, [partition]));
    history.count(`commit of a member that has left: ${errorCode}`);
    if (errorCode === 0 && former.cutCount === this.#group.history.cutCount) {
      history.violate(`group ${committer.group}: ${former.memberId} has left and committed`);
    }
  }

  #committer(memberId: string, memberEpoch: number) {
    return { group: this.#group.history.group, generationId: memberEpoch, memberId, sinceVersion: COMMIT_SINCE };
  }

  /** Everything is whole: what the members subscribe to has to be with them before long. */
  async #settle(): Promise<void> {
    const { history, clock, random, sleep } = this.#stage;
    const { present, history: group } = this.#group;
    if (this.#memberId !== '' && !present.has(this.#memberId)) this.#memberId = '';
    const own = `settling ${this.#client.name}`;
    // Nothing is settled before all have got here.
    present.set(this.#memberId || own, this.#subscription.matches);
    const endMs = clock.monotonicMs() + SETTLE_MS;
    const wanted = (): readonly string[] =>
      history
        .partitions()
        .filter(({ topic, isDoomed }) => !isDoomed && [...present.values()].some((names) => names.test(topic)))
        .map(({ topicId, index }) => keyOf(topicId, index));
    while (!group.isSettled(new Set(present.keys()), wanted())) {
      if (clock.monotonicMs() > endMs) {
        return history.violate(`group ${group.group}: ${this.#client.name} waits in vain for all to be with somebody`);
      }
      const isThere = this.#client.isConnected || (await this.#client.connect());
      if (isThere && (await findCoordinator(this.#stage, this.#client, 'group', group.group))) await this.#beat();
      if (this.#memberId !== '' && present.has(this.#memberId)) present.delete(own);
      await sleep(20 + random.fraction() * 50);
    }
    present.delete(own);
  }

  #newId(): string {
    this.#idCount += 1;
    return `${this.#client.name}#${this.#idCount}`;
  }
}

function subscriptionOf({ random }: Stage): Subscription {
  if (random.chance(0.25)) {
    const regex = 't[0-3]';
    return { names: undefined, regex, matches: /^t[0-3]$/ };
  }
  const names = random.chance(0.6) ? TOPICS : TOPICS.filter(() => random.chance(0.6));
  return { names, regex: undefined, matches: new RegExp(`^(${names.join('|')})$`) };
}

function offsetsOf({ random }: Stage, partitions: readonly PartitionHistory[]): ReadonlyMap<PartitionHistory, number> {
  return new Map(partitions.map((each) => [each, random.int(each.highWatermark + 1)]));
}

function partitionsOf(keys: ReadonlySet<string>) {
  const topics = new Map<string, number[]>();
  for (const key of keys) {
    const [topicId = '', index] = key.split(' ');
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(index)]);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
