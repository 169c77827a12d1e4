import type { Clock } from '../ports/clock.ts';

/** Gathers what several events of one loop turn ask for, and does it once at the turn's end. */
export class TurnQueue<Member> {
  readonly #clock: Clock;
  readonly #act: (member: Member) => void;
  #members = new Set<Member>();
  #isScheduled = false;

  constructor(clock: Clock, act: (member: Member) => void) {
    this.#clock = clock;
    this.#act = act;
  }

  /** `act(member)` runs at the end of this turn, once. */
  add(member: Member): void {
    this.#members.add(member);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.nextTurn(() => this.#run());
  }

  #run(): void {
    const members = this.#members;
    this.#members = new Set();
    this.#isScheduled = false;
    for (const member of members) this.#act(member);
  }
}
