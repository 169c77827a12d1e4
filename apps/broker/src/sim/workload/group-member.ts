import { ErrorCode, Heartbeat, JoinGroup, LeaveGroup, SyncGroup } from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';
import { type Committer, commitOffsets, fetchCommitted } from './committed-offsets.ts';
import { findCoordinator } from './find-coordinator.ts';
import type { ProgramClient } from './program-client.ts';

const PROTOCOL = 'range';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A program that is a member of a group: joins, commits what it would have read, leaves, or falls silent and comes back as a ghost. */
export function takePart(group: string): (stage: Stage, client: ProgramClient) => Promise<void> {
  return (stage, client) => new GroupMember(stage, client, group).run();
}

/** A program that commits and reads offsets of a group without members. */
export function commitAlone(group: string): (stage: Stage, client: ProgramClient) => Promise<void> {
  return (stage, client) =>
    keepWorking(stage, client, async () => {
      if (!(await findCoordinator(stage, client, 'group', group))) return;
      const partition = pick(stage.random, stage.history.partitions());
      if (partition === undefined) return;
      const alone: Committer = { group, generationId: -1, memberId: '' };
      if (stage.random.chance(0.5)) await commitOffsets(stage, client, alone, offsetsOf(stage, [partition]));
      else await fetchCommitted(stage, client, group, partition);
      await stage.sleep(stage.random.fraction() * 50);
    });
}

/** Some offset of each: what a reader might have got to. */
function offsetsOf({ random }: Stage, partitions: readonly PartitionHistory[]): ReadonlyMap<PartitionHistory, number> {
  return new Map(partitions.map((each) => [each, random.int(each.highWatermark + 1)]));
}

class GroupMember {
  readonly #stage: Stage;
  readonly #client: ProgramClient;
  readonly #group: string;
  readonly #sessionTimeoutMs: number;
  #memberId = '';
  #generationId = -1;
  /** Undefined while it has to join. */
  #assigned: readonly PartitionHistory[] | undefined;

  constructor(stage: Stage, client: ProgramClient, group: string) {
    this.#stage = stage;
    this.#client = client;
    this.#group = group;
    this.#sessionTimeoutMs = 500 + stage.random.int(2000);
  }

  run(): Promise<void> {
    const { random } = this.#stage;
    return keepWorking(this.#stage, this.#client, async () => {
      if (this.#assigned === undefined) {
        if (await findCoordinator(this.#stage, this.#client, 'group', this.#group)) await this.#join();
        return;
      }
      await this.#stage.sleep(random.fraction() * 100);
      const act = choose(random, [
        [2, () => this.#leave()],
        [2, () => this.#stage.sleep(random.fraction() * 2 * this.#sessionTimeoutMs)],
        [30, () => this.#commit()],
        [66, () => this.#heartbeat()],
      ] as const);
      await act();
    });
  }

  async #join(): Promise<void> {
    const { history, note } = this.#stage;
    const version = this.#client.version(JoinGroup, 1);
    if (version === undefined) throw new Error('JoinGroup is not advertised');
    const floor = history.groups.generationFloor(this.#group);
    const { life } = this.#client;
    const answer = await this.#client.request(JoinGroup, version, {
      groupId: this.#group,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      rebalanceTimeoutMs: 1000,
      memberId: this.#memberId,
      protocolType: 'consumer',
      protocols: [{ name: PROTOCOL, metadata: encoder.encode(this.#client.name) }],
    });
    if (answer === undefined) return;
    const { errorCode, generationId, leader, memberId, members } = answer;
    history.count(`join error ${errorCode}`);
    note(`${this.#client.name} joins: error ${errorCode} generation ${generationId}`);
    if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = memberId;
    else if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
    if (errorCode !== 0 || life !== this.#stage.lifeNumber()) return;
    this.#memberId = memberId;
    this.#generationId = generationId;
    const isLeader = leader === memberId;
    history.groups.joined(this.#group, generationId, { id: memberId, isLeader }, floor);
    await this.#sync(isLeader ? members.map((member) => member.memberId) : []);
  }

  /** @param members whom to give something to, where this one leads */
  async #sync(members: readonly string[]): Promise<void> {
    const { history, note } = this.#stage;
    const version = this.#client.version(SyncGroup);
    if (version === undefined) throw new Error('SyncGroup is not advertised');
    const partitions = history.partitions();
    const shares = new Map(
      members.map((member, at) => [
        member,
        partitions
          .filter((_, index) => index % members.length === at)
          .map(({ name }) => name)
          .join(' '),
      ]),
    );
    if (members.length > 0) history.groups.assigned(this.#group, this.#generationId, shares);
    const { life } = this.#client;
    const answer = await this.#client.request(SyncGroup, version, {
      groupId: this.#group,
      generationId: this.#generationId,
      memberId: this.#memberId,
      protocolType: 'consumer',
      protocolName: PROTOCOL,
      assignments: [...shares].map(([memberId, text]) => ({ memberId, assignment: encoder.encode(text) })),
    });
    if (answer === undefined) return;
    history.count(`sync error ${answer.errorCode}`);
    if (this.#isOut(answer.errorCode) || answer.errorCode !== 0 || life !== this.#stage.lifeNumber()) return;
    const text = decoder.decode(answer.assignment);
    note(`${this.#client.name} is given ${text || 'nothing'}`);
    history.groups.synced(this.#group, this.#generationId, this.#memberId, text);
    this.#assigned = partitions.filter(({ name }) => text.split(' ').includes(name));
  }

  async #heartbeat(): Promise<void> {
    const version = this.#client.version(Heartbeat);
    if (version === undefined) throw new Error('Heartbeat is not advertised');
    const answer = await this.#client.request(Heartbeat, version, {
      groupId: this.#group,
      generationId: this.#generationId,
      memberId: this.#memberId,
    });
    if (answer === undefined) return;
    this.#stage.history.count(`heartbeat error ${answer.errorCode}`);
    this.#isOut(answer.errorCode);
  }

  async #commit(): Promise<void> {
    const { random, history } = this.#stage;
    const mine = (this.#assigned ?? []).filter((each) => !each.isDoomed);
    const partition = pick(random, mine);
    if (partition === undefined) return;
    if (random.chance(0.4)) return fetchCommitted(this.#stage, this.#client, this.#group, partition);
    const committer = { group: this.#group, generationId: this.#generationId, memberId: this.#memberId };
    const isGhost = this.#generationId < history.groups.generationFloor(this.#group);
    const { life } = this.#client;
    const errorCode = await commitOffsets(this.#stage, this.#client, committer, offsetsOf(this.#stage, mine));
    if (errorCode === 0 && isGhost && life === this.#stage.lifeNumber()) {
      history.violate(`group ${this.#group}: a member of the past generation ${this.#generationId} committed`);
    }
    if (errorCode !== undefined) this.#isOut(errorCode);
  }

  async #leave(): Promise<void> {
    const version = this.#client.version(LeaveGroup);
    if (version === undefined) throw new Error('LeaveGroup is not advertised');
    const [groupId, memberId] = [this.#group, this.#memberId];
    const body = version >= 3 ? { groupId, members: [{ memberId }] } : { groupId, memberId };
    const answer = await this.#client.request(LeaveGroup, version, body);
    this.#stage.history.count(`leave error ${answer?.errorCode}`);
    this.#assigned = undefined;
    this.#memberId = '';
  }

  /** Whether the member has to join again. */
  #isOut(errorCode: number): boolean {
    if (errorCode === 0) return false;
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
    this.#assigned = undefined;
    return true;
  }
}
