/** A heartbeat of a consumer group's member that was sent. */
export interface Beat {
  readonly memberId: string;
  readonly traits: MemberTraits;
  readonly sentAtMs: number;
  /** Power cuts before. */
  readonly cutCount: number;
  /** Whether it says what the member has. */
  readonly saysOwned: boolean;
}

/** How a member takes part. */
export interface MemberTraits {
  readonly limits: ConsumerGroupLimits;
  /** Speaks the classic protocol: a rebalance that it has not heard of may be over without it. */
  readonly isClassic: boolean;
  readonly instanceId: string | undefined;
}

/** What a member was told, and what the broker may hold it to. */
interface MemberView {
  readonly traits: MemberTraits;
  /** Another process has asked for its instance id: it may be out from then on. */
  isReplaceable: boolean;
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
  #lifeCount = 0;
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

  /** How often the coordinator's process has ended. */
  get lifeCount(): number {
    return this.#lifeCount;
  }

  /** The coordinator's process has ended, however that came. */
  lifeEnded(): void {
    this.#lifeCount += 1;
  }

  /** What the coordinator knew may be gone: its topic is not flushed, as in Kafka. */
  powerCut(): void {
    this.#cutCount += 1;
    this.#members.clear();
  }

  /**
   * A member sends a heartbeat, or asks to join a classic group; `owned` where it says what it has now. What is not in it may go to
   * others from here on.
   */
  beats(
    memberId: string,
    epoch: number,
    owned: ReadonlySet<string> | undefined,
    nowMs: number,
    traits: MemberTraits = this.#dynamic(),
  ): Beat {
    const view = this.#view(memberId, nowMs, traits);
    if (epoch <= 0) {
      // It joins, or leaves.
      view.has.clear();
      view.epoch = 0;
      view.isKnownWhole = true;
    }
    if (owned !== undefined) for (const key of [...view.has]) if (!owned.has(key)) view.has.delete(key);
    view.openSinceMs = Math.min(view.openSinceMs, nowMs);
    return { memberId, traits, sentAtMs: nowMs, cutCount: this.#cutCount, saysOwned: owned !== undefined };
  }

  /** A heartbeat was answered without an error; `assignment` where it tells one. */
  told(beat: Beat, epoch: number, assignment: ReadonlySet<string> | undefined, nowMs: number): void {
    if (beat.cutCount !== this.#cutCount) return;
    const { memberId, sentAtMs } = beat;
    const view = this.#view(memberId, nowMs, beat.traits);
    const { isClassic } = view.traits;
    // The number of a generation whose assignments nobody got may come again.
    if (epoch < view.epoch && !isClassic) this.#violate(`${memberId} is at epoch ${epoch}, after ${view.epoch}`);
    view.epoch = epoch;
    view.aliveAtMs = sentAtMs;
    const mayOweSinceMs = Math.min(view.owesSinceMs, view.openSinceMs);
    view.openSinceMs = Number.POSITIVE_INFINITY;
    // A rebalance may begin at once.
    if (isClassic) view.owesSinceMs = sentAtMs;
    else if (beat.saysOwned) view.owesSinceMs = Number.POSITIVE_INFINITY;
    if (assignment === undefined) return;
    const lacks = [...view.has].some((key) => !assignment.has(key));
    if (!isClassic && (lacks || !view.isKnownWhole)) view.owesSinceMs = mayOweSinceMs;
    if (beat.saysOwned || isClassic) view.isKnownWhole = true;
    for (const key of assignment) if (!view.has.has(key)) this.#gives(memberId, view, key, nowMs);
  }

  /** A member of a classic group was told to join again: it is not out before it had its time for that. */
  toldToJoin(beat: Beat): void {
    const view = this.#members.get(beat.memberId);
    if (view !== undefined && beat.cutCount === this.#cutCount) view.aliveAtMs = beat.sentAtMs;
  }

  /** A process asks for an instance id under a new member id: who had it may be out from here on, if `mayReplace` still holds later. */
  asksForInstance(instanceId: string, memberId: string, mayReplace: boolean): void {
    for (const [other, view] of this.#members) {
      if (other !== memberId && view.traits.instanceId === instanceId) view.isReplaceable = mayReplace;
    }
  }

  /** A static member leaves for a while: it keeps `kept` until its session ends, and need not say that it gave up the rest. */
  leavesForAWhile(memberId: string, kept: ReadonlySet<string>): void {
    const view = this.#members.get(memberId);
    if (view === undefined) return;
    // An answer that it did not hear may have taken anything from it.
    const isSure = view.isKnownWhole && view.openSinceMs === Number.POSITIVE_INFINITY;
    for (const key of [...view.has]) if (!isSure || !kept.has(key)) view.has.delete(key);
    view.owesSinceMs = Number.POSITIVE_INFINITY;
  }

  /** Whether all that the member has is known. */
  knows(memberId: string): boolean {
    return this.#members.get(memberId)?.isKnownWhole === true;
  }

  /** Whether the member is in beyond doubt: it was let in, and its time is not over. */
  isIn(memberId: string, nowMs: number): boolean {
    return (this.#members.get(memberId)?.epoch ?? 0) > 0 && !this.#mayBeOut(memberId, nowMs);
  }

  /** The members that there may be, with how they take part. */
  *members(): Generator<readonly [memberId: string, traits: MemberTraits], void, undefined> {
    for (const [memberId, { traits }] of this.#members) yield [memberId, traits];
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
    if (view.isReplaceable) return true;
    const { sessionTimeoutMs, rebalanceTimeoutMs } = view.traits.limits;
    const owesSinceMs = Math.min(view.owesSinceMs, view.openSinceMs);
    return nowMs >= view.aliveAtMs + sessionTimeoutMs || nowMs >= owesSinceMs + rebalanceTimeoutMs;
  }

  #dynamic(): MemberTraits {
    return { limits: this.limits, isClassic: false, instanceId: undefined };
  }

  #view(memberId: string, nowMs: number, traits: MemberTraits): MemberView {
    let view = this.#members.get(memberId);
    if (view === undefined) {
      const never = Number.POSITIVE_INFINITY;
      const has = new Set<string>();
      view = {
        ...{ traits, isReplaceable: false, epoch: 0, isKnownWhole: false, has },
        ...{ aliveAtMs: nowMs, owesSinceMs: never, openSinceMs: never },
      };
      this.#members.set(memberId, view);
    }
    return view;
  }
}
