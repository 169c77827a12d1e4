import type { Clock, Instant, Timer } from '../../ports/clock.ts';
import type { SimClock } from '../sim-clock.ts';

/** How a machine's clocks differ from the world's. */
export interface ClockSkew {
  /** Added to the wall clock. */
  readonly wallMs: number;
  /** Added to the monotonic clock: machines have been up for different times. */
  readonly monotonicMs: number;
  /** Seconds of this machine in a second of the world. */
  readonly rate: number;
}

interface Held {
  run: (() => void) | undefined;
}

/** The clocks of one machine, which go wrong in their own way. While its process is stopped (SIGSTOP) nothing that is due runs. */
export class MachineClock implements Clock {
  readonly #world: SimClock;
  readonly #monotonicMs: number;
  readonly #rate: number;
  #wallMs: number;
  #isPaused = false;
  #held: Held[] = [];

  constructor(world: SimClock, skew: ClockSkew) {
    this.#world = world;
    this.#wallMs = Math.floor(skew.wallMs);
    this.#monotonicMs = skew.monotonicMs;
    this.#rate = skew.rate;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  monotonicMs(): number {
    return this.#monotonicMs + this.#world.monotonicMs() * this.#rate;
  }
  wallMs(): number {
    return this.#world.wallMs() + this.#wallMs;
  }
  now(): Instant {
    return { monotonicMs: this.monotonicMs(), wallMs: this.wallMs() };
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    const held: Held = { run: callback };
    const inner = this.#world.setTimer(delayMs / this.#rate, () => this.#due(held));
    return {
      cancel: () => {
        held.run = undefined;
        inner.cancel();
      },
    };
  }
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  /** Lets the wall clock jump. */
  jumpWall(byMs: number): void {
    this.#wallMs += Math.floor(byMs);
  }

  /** The process stops, and knows nothing of it. */
  pause(): void {
    this.#isPaused = true;
  }

  /** It goes on; what has become due runs in its order, each by an event of its own. */
  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const each of held) this.#world.nextTurn(() => this.#due(each));
  }

  #due(held: Held): void {
    if (this.#isPaused) this.#held.push(held);
    else held.run?.();
  }
}
