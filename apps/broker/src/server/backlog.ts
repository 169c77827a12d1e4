import type { Clock } from '../ports/clock.ts';

/** How long one loop turn works at what connections have waiting; then sockets are looked at. */
const SLICE_MS = 4;
/** How many times a connection gets its quantum in one loop turn, over all. */
const QUANTA_MAX = 128;

/**
 * Members that have more to do than their quantum in one go. Each gets one after the other, round and round, for a slice of every loop turn,
 * so that a member alone goes on at full speed and many of them keep no newcomer waiting for more than a slice.
 */
export class Backlog<Member> {
  readonly #clock: Clock;
  /** Does a quantum of the member's work; `add` is called where more is left. */
  readonly #act: (member: Member) => void;
  /** In the order of their turns. */
  readonly #members = new Set<Member>();
  #isScheduled = false;

  constructor(clock: Clock, act: (member: Member) => void) {
    this.#clock = clock;
    this.#act = act;
  }

  /** The member has more to do: it stands behind all others. */
  add(member: Member): void {
    this.#members.add(member);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.nextTurn(() => this.#run());
  }

  delete(member: Member): void {
    this.#members.delete(member);
  }

  #run(): void {
    const untilMs = this.#clock.monotonicMs() + SLICE_MS;
    let quanta = 0;
    // Who is added again during the loop comes round again.
    for (const member of this.#members) {
      this.#members.delete(member);
      this.#act(member);
      quanta += 1;
      if (quanta >= QUANTA_MAX || this.#clock.monotonicMs() >= untilMs) break;
    }
    this.#isScheduled = this.#members.size > 0;
    if (this.#isScheduled) this.#clock.nextTurn(() => this.#run());
  }
}
