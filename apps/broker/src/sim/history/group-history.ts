import type { Ending } from './partition-history.ts';

/** One try to commit an offset. Its metadata text is `c<id>`. */
interface Commit {
  readonly id: number;
  readonly offset: number;
  /** Places in the order of all that happened. */
  readonly sentAt: number;
  /** Infinite while it is open, and for a refused one. */
  ackedAt: number;
  /** Power cuts before it was refused, or its transaction aborted; a cut may take the abort, and leave the commit. */
  refusedCutCount: number | undefined;
  /** Power cuts before it was acknowledged. */
  cutCount: number;
}

/** A fetch of committed offsets that is under way. */
export interface CommitFetch {
  readonly sentAt: number;
  readonly cutCount: number;
}

/** What members of one generation were told. */
interface Generation {
  leader: string | undefined;
  /** Lives of the broker before its leader was told: in the next, the same number may come again with another leader. */
  lifeCount: number;
  /** What its leaders gave to each member, as text. */
  readonly assignments: ReadonlyMap<string, string>[];
}

/** What clients were told of the groups: each committed offset is a register, each generation has one leader and one assignment. */
export class GroupHistory {
  readonly #violate: (what: string) => void;
  readonly #commits = new Map<string, Commit[]>();
  readonly #generations = new Map<string, Generation>();
  /** The greatest generation that a member of a group was told, by group. */
  readonly #newest = new Map<string, number>();
  /** Of those whose assignments somebody has got. */
  readonly #newestAssigned = new Map<string, number>();
  /** Whether coordinators move: then one that is not the coordinator any more may count generations that are never committed. */
  isMoving = false;
  #lifeCount = 0;
  #clock = 0;
  #commitCount = 0;
  #cutCount = 0;

  constructor(violate: (what: string) => void) {
    this.#violate = violate;
  }

  /** The broker's process has ended. A generation without assignments is forgotten, as in Kafka; after a power cut any may be. */
  ended(how: Ending): void {
    this.#lifeCount += 1;
    this.#newest.clear();
    if (how === 'power-cut') {
      this.#cutCount += 1;
      this.#newestAssigned.clear();
    }
    for (const [group, generationId] of this.#newestAssigned) this.#newest.set(group, generationId);
  }

  /** The greatest generation of the group that anybody was told in this life, or had got assignments before; -1 for none. */
  generationFloor(group: string): number {
    return (this.isMoving ? this.#newestAssigned : this.#newest).get(group) ?? -1;
  }

  /** A member was told its generation, having asked when `floor` was known. */
  joined(
    group: string,
    generationId: number,
    member: { readonly id: string; readonly isLeader: boolean },
    floor: number,
  ): void {
    if (this.isMoving) return;
    if (generationId < floor) this.#violate(`group ${group}: generation ${generationId} comes after ${floor}`);
    this.#newest.set(group, Math.max(this.generationFloor(group), generationId));
    if (!member.isLeader) return;
    const generation = this.#generation(group, generationId);
    const isNew = generation.leader === undefined || generation.lifeCount < this.#lifeCount;
    if (!isNew && generation.leader !== member.id) {
      this.#violate(`group ${group}: generation ${generationId} is led by ${generation.leader} and by ${member.id}`);
    }
    generation.leader = member.id;
    generation.lifeCount = this.#lifeCount;
  }

  /** The leader gives out assignments. */
  assigned(group: string, generationId: number, assignments: ReadonlyMap<string, string>): void {
    this.#generation(group, generationId).assignments.push(assignments);
  }

  /** A member was told its assignment. */
  synced(group: string, generationId: number, memberId: string, assignment: string): void {
    this.#newestAssigned.set(group, Math.max(this.#newestAssigned.get(group) ?? -1, generationId));
    const wanted = this.#generation(group, generationId).assignments.map((each) => each.get(memberId) ?? '');
    if (wanted.includes(assignment)) return;
    const what = `${memberId} got "${assignment}" in generation ${generationId}`;
    this.#violate(`group ${group}: ${what}, not "${wanted.join('" or "')}"`);
  }

  /** A commit is sent: the id that its metadata shall carry. */
  committing(key: string, offset: number): number {
    const commits = this.#of(key);
    this.#commitCount += 1;
    const id = this.#commitCount;
    commits.push({
      id,
      offset,
      sentAt: this.#tick(),
      ackedAt: Number.POSITIVE_INFINITY,
      refusedCutCount: undefined,
      cutCount: this.#cutCount,
    });
    return id;
  }

  committed(key: string, id: number): void {
    const commit = this.#of(key).find((each) => each.id === id);
    if (commit === undefined) return;
    commit.ackedAt = this.#tick();
  }

  refused(key: string, id: number): void {
    const commit = this.#of(key).find((each) => each.id === id);
    if (commit !== undefined) commit.refusedCutCount = this.#cutCount;
  }

  fetching(): CommitFetch {
    return { sentAt: this.#tick(), cutCount: this.#cutCount };
  }

  /** A committed offset was told; -1 for none. */
  fetched(key: string, fetch: CommitFetch, offset: number, metadata: string | null): void {
    if (fetch.cutCount !== this.#cutCount) return;
    const commits = this.#of(key);
    const seen = offset < 0 ? undefined : commits.find(({ id }) => metadata === `c${id}`);
    const isRefused = seen?.refusedCutCount === this.#cutCount && seen.cutCount === this.#cutCount;
    if (offset >= 0 && (seen?.offset !== offset || isRefused)) {
      this.#violate(`${key}: offset ${offset} with metadata "${metadata}" was never committed, or refused`);
      return;
    }
    const seenAckedAt = seen === undefined ? 0 : seen.ackedAt;
    const newer = commits.find(
      (commit) => commit.cutCount === fetch.cutCount && commit.ackedAt < fetch.sentAt && commit.sentAt > seenAckedAt,
    );
    if (newer === undefined) return;
    this.#violate(
      `${key}: commit ${newer.id} of ${newer.offset} was acknowledged, then ${offset} ("${metadata}") was read`,
    );
  }

  /** A topic is gone, and its offsets with it. */
  forget(isGone: (key: string) => boolean): void {
    for (const key of [...this.#commits.keys()]) if (isGone(key)) this.#commits.delete(key);
  }

  #of(key: string): Commit[] {
    let commits = this.#commits.get(key);
    if (commits === undefined) {
      commits = [];
      this.#commits.set(key, commits);
    }
    return commits;
  }

  #generation(group: string, generationId: number): Generation {
    const key = `${group} ${generationId}`;
    let generation = this.#generations.get(key);
    if (generation === undefined) {
      generation = { leader: undefined, lifeCount: this.#lifeCount, assignments: [] };
      this.#generations.set(key, generation);
    }
    return generation;
  }

  #tick(): number {
    this.#clock += 1;
    return this.#clock;
  }
}
