import { ErrorCode, OffsetCommit, OffsetFetch } from '@ks/protocol';
import type { SimClient } from '../../sim-client.ts';
import { pick, type Stage } from '../actor.ts';
import type { MixedGroup } from './mixed-group.ts';

const TOPIC_IDS_SINCE = 10;
const GROUPS_SINCE = 8;
const INSTANCE_IDS_SINCE = 7;
/** After these the commit was not written. Others leave that open. */
const REFUSALS: readonly number[] = [
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.STALE_MEMBER_EPOCH,
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.GROUP_ID_NOT_FOUND,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
];

/** Who commits. */
export interface OwningMember {
  readonly memberId: string;
  /** Or the member's epoch. */
  readonly generationId: number;
  readonly instanceId: string | undefined;
  /** The oldest OffsetCommit that it speaks. */
  readonly sinceVersion: number;
}

/** How far a member has got in what it has: from the commit that it found there onwards. */
export class OwnedOffsets {
  readonly #stage: Stage;
  readonly #client: SimClient;
  readonly #group: MixedGroup;
  readonly #positions = new Map<string, number>();

  constructor(stage: Stage, client: SimClient, group: MixedGroup) {
    this.#stage = stage;
    this.#client = client;
    this.#group = group;
  }

  /** It has only these now. */
  keep(owned: ReadonlySet<string>): void {
    for (const key of [...this.#positions.keys()]) if (!owned.has(key)) this.#positions.delete(key);
  }

  /** Reads some partition's commit, or goes on and commits. Gives the error code of a commit. */
  async goOn(member: OwningMember, owned: ReadonlySet<string>): Promise<number | undefined> {
    const { random } = this.#stage;
    const key = pick(random, [...owned]);
    if (key === undefined) return undefined;
    const position = this.#positions.get(key);
    if (position === undefined || random.chance(0.2)) {
      const committed = await this.read(key);
      // What went to another meanwhile is not read on.
      if (committed !== undefined && owned.has(key) && position === undefined) {
        this.#positions.set(key, Math.max(committed, 0));
      }
      return undefined;
    }
    const offset = position + random.int(4);
    this.#positions.set(key, offset);
    return this.commit(member, key, offset);
  }

  /** Commits an offset. Gives the error code, undefined without an answer. */
  async commit(member: OwningMember, key: string, offset: number): Promise<number | undefined> {
    const { history, note } = this.#stage;
    const { groups } = history;
    const { memberId, generationId, instanceId, sinceVersion } = member;
    const oldest = Math.max(sinceVersion, instanceId === undefined ? 0 : INSTANCE_IDS_SINCE);
    const version = this.#client.version(OffsetCommit, Math.max(oldest, 2));
    if (version === undefined) throw new Error('OffsetCommit is not advertised');
    const { topic, topicId, index } = this.#group.partition(key);
    const register = this.#register(key);
    const id = groups.committing(register, offset);
    const look = this.#group.progress.begins(key);
    const answer = await this.#client.request(OffsetCommit, version, {
      groupId: this.#group.id,
      generationIdOrMemberEpoch: generationId,
      memberId,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
      topics: [
        {
          ...(version >= TOPIC_IDS_SINCE ? { name: '', topicId } : { name: topic }),
          partitions: [{ partitionIndex: index, committedOffset: offset, committedMetadata: `c${id}` }],
        },
      ],
    });
    const errorCode = answer?.topics[0]?.partitions[0]?.errorCode;
    history.count(`mixed commit: ${errorCode}`);
    note(`${this.#client.name} commits ${key}@${offset} as ${memberId}@${generationId}: ${errorCode ?? 'no answer'}`);
    if (errorCode === ErrorCode.NONE) {
      groups.committed(register, id);
      this.#group.progress.committed(key, look, offset);
    } else if (errorCode !== undefined && REFUSALS.includes(errorCode)) groups.refused(register, id);
    return errorCode;
  }

  /** The committed offset, -1 for none; undefined where it was not told. */
  async read(key: string): Promise<number | undefined> {
    const { groups } = this.#stage.history;
    const version = this.#client.version(OffsetFetch, 2);
    if (version === undefined) throw new Error('OffsetFetch is not advertised');
    const { topic, topicId, index } = this.#group.partition(key);
    const partitionIndexes = [index];
    const [fetch, look] = [groups.fetching(), this.#group.progress.begins(key)];
    const byId = { ...(version >= TOPIC_IDS_SINCE ? { name: '', topicId } : { name: topic }), partitionIndexes };
    const groupId = this.#group.id;
    const answer = await this.#client.request(
      OffsetFetch,
      version,
      version >= GROUPS_SINCE
        ? { groups: [{ groupId, topics: [byId] }] }
        : { groupId, topics: [{ name: topic, partitionIndexes }] },
    );
    const told = version >= GROUPS_SINCE ? answer?.groups[0] : answer;
    const found = told?.topics[0]?.partitions[0];
    if (told?.errorCode !== 0 || found === undefined || found.errorCode !== 0) return undefined;
    this.#stage.note(`${this.#client.name} reads ${key}@${found.committedOffset} ${found.metadata}`);
    groups.fetched(this.#register(key), fetch, found.committedOffset, found.metadata);
    this.#group.progress.read(key, look, found.committedOffset);
    return found.committedOffset;
  }

  #register(key: string): string {
    return `${this.#group.id} ${key}`;
  }
}
