/** A heartbeat of a consumer group's member that was sent. */
export interface Beat {
  readonly memberId: string;
  readonly sentAtMs: number;
  /** Power cuts before. */
  readonly cutCount: number;
  /** Whether it says what the member has. */
  readonly saysOwned: boolean;
}

/** What a member was told, and what the broker may hold it to. */
interface MemberView {
  epoch: number;
  /** Whether all that it has is known: not after a power cut, until it says so. */
  isKnownWhole: boolean;
  /** Partitions it was given and has not said to have given up. */
  readonly has: Set<string>;
  /** When the newest heartbeat was sent that was answered: its session cannot end before that and its time-out. */
  aliveAtMs: number;
  /** Since when the broker may be waiting for it to give something up. */
  owesSinceMs: number;
  /** When the first of the heartbeats was sent that have not been answered. */
  openSinceMs: number;
}

export interface ConsumerGroupLimits {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/**
 * What the members of a consumer group (KIP-848) were told. No partition is ever with two of them, unless the one that had it first may
 * have been taken for dead; a member that is out commits nothing more; in the end everything is with somebody.
 */
export class ConsumerGroupHistory {
  readonly #group: string;
  readonly #violate: (what: string) => void;
  readonly #members = new Map<string, MemberView>();
  #cutCount = 0;
  #isSettled = false;
  limits: ConsumerGroupLimits = { sessionTimeoutMs: 0, rebalanceTimeoutMs: 0 };

  constructor(group: string, violate: (what: string) => void) {
    this.#group = group;
    this.#violate = (what) => violate(`group ${group}: ${what}`);
  }

  get group(): string {
    return this.#group;
  }

  get cutCount(): number {
    return this.#cutCount;
  }

  /** What the coordinator knew may be gone: its topic is not flushed, as in Kafka. */
  powerCut(): void {
    this.#cutCount += 1;
    this.#members.clear();
  }

  /** A member sends a heartbeat; `owned` where it says what it has now. What is not in it may go to others from here on. */
  beats(memberId: string, epoch: number, owned: ReadonlySet<string> | undefined, nowMs: number): Beat {
    const view = this.#view(memberId, nowMs);
    if (epoch <= 0) {
      // It joins, or leaves.
      view.has.clear();
      view.epoch = 0;
      view.isKnownWhole = true;
    }
    if (owned !== undefined) for (const key of [...view.has]) if (!owned.has(key)) view.has.delete(key);
    view.openSinceMs = Math.min(view.openSinceMs, nowMs);
    return { memberId, sentAtMs: nowMs, cutCount: this.#cutCount, saysOwned: owned !== undefined };
  }

  /** A heartbeat was answered without an error; `assignment` where it tells one. */
  told(beat: Beat, epoch: number, assignment: ReadonlySet<string> | undefined, nowMs: number): void {
    if (beat.cutCount !== this.#cutCount) return;
    const { memberId, sentAtMs } = beat;
    const view = this.#view(memberId, nowMs);
    if (epoch < view.epoch) this.#violate(`${memberId} is at epoch ${epoch}, after ${view.epoch}`);
    view.epoch = epoch;
    view.aliveAtMs = sentAtMs;
    const mayOweSinceMs = Math.min(view.owesSinceMs, view.openSinceMs);
    view.openSinceMs = Number.POSITIVE_INFINITY;
    if (beat.saysOwned) view.owesSinceMs = Number.POSITIVE_INFINITY;
    if (assignment === undefined) return;
    const lacks = [...view.has].some((key) => !assignment.has(key));
    if (lacks || !view.isKnownWhole) view.owesSinceMs = mayOweSinceMs;
    if (beat.saysOwned) view.isKnownWhole = true;
    for (const key of assignment) if (!view.has.has(key)) this.#gives(memberId, view, key, nowMs);
  }

  /** A member was told that nobody knows it: its time must have been over. */
  forgotten(beat: Beat, nowMs: number): void {
    const { memberId, cutCount } = beat;
    const isKnown = cutCount === this.#cutCount && (this.#members.get(memberId)?.epoch ?? 0) > 0;
    if (isKnown && !this.#mayBeOut(memberId, nowMs)) this.#violate(`${memberId} is unknown before its time was over`);
  }

  /** The member is out, or is gone. */
  isOut(memberId: string): void {
    this.#members.delete(memberId);
  }

  /** Whether somebody else was given it since. */
  isWithAnother(memberId: string, key: string): boolean {
    return [...this.#members].some(([other, view]) => other !== memberId && view.has.has(key));
  }

  /** Whether the members that are left have `wanted` among them, each one of it once, under one epoch. Once true it stays so. */
  isSettled(present: ReadonlySet<string>, wanted: readonly string[]): boolean {
    const views = [...this.#members].filter(([memberId]) => present.has(memberId)).map(([, view]) => view);
    this.#isSettled ||=
      views.length === present.size &&
      new Set(views.map(({ epoch }) => epoch)).size === 1 &&
      wanted.every((key) => views.filter(({ has }) => has.has(key)).length === 1);
    return this.#isSettled;
  }

  #gives(memberId: string, view: MemberView, key: string, nowMs: number): void {
    for (const [other, { has }] of this.#members) {
      if (other === memberId || !has.has(key)) continue;
      if (!this.#mayBeOut(other, nowMs)) this.#violate(`${key} is given to ${memberId} while ${other} has it`);
      has.delete(key);
    }
    view.has.add(key);
  }

  #mayBeOut(memberId: string, nowMs: number): boolean {
    const view = this.#members.get(memberId);
    if (view === undefined) return true;
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.limits;
    const owesSinceMs = Math.min(view.owesSinceMs, view.openSinceMs);
    return nowMs >= view.aliveAtMs + sessionTimeoutMs || nowMs >= owesSinceMs + rebalanceTimeoutMs;
  }

  #view(memberId: string, nowMs: number): MemberView {
    let view = this.#members.get(memberId);
    if (view === undefined) {
      const never = Number.POSITIVE_INFINITY;
      const has = new Set<string>();
      view = { epoch: 0, isKnownWhole: false, has, aliveAtMs: nowMs, owesSinceMs: never, openSinceMs: never };
      this.#members.set(memberId, view);
    }
    return view;
  }
}
