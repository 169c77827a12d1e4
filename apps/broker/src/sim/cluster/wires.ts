import type { SeededRandom } from '../prng.ts';
import type { LinkRoute } from '../sim-link.ts';

/** What a piece takes from one host to another where nothing is wrong, at most. */
const DELAY_MAX_MS = 2;

/** What lies between the hosts of a world: which of them hear which, and how long that takes. Each direction is a wire of its own. */
export class Wires {
  readonly #random: SeededRandom;
  readonly #cut = new Set<string>();
  readonly #slow = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Milliseconds that something is under way now; undefined while it does not arrive at all. */
  travelMs(from: string, to: string): number | undefined {
    const wire = nameOf(from, to);
    if (this.#cut.has(wire)) return undefined;
    return this.#random.fraction() * (this.#slow.get(wire) ?? DELAY_MAX_MS);
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(nameOf(from, to));
  }

  /** Nothing that `from` sends reaches `to` any more. The way back is another wire. */
  cut(from: string, to: string): void {
    this.#cut.add(nameOf(from, to));
  }

  /** What `from` sends takes up to `delayMaxMs`. */
  slow(from: string, to: string, delayMaxMs: number): void {
    this.#slow.set(nameOf(from, to), delayMaxMs);
  }

  heal(): void {
    this.#cut.clear();
    this.#slow.clear();
  }

  /** The wires of a connection that `client` has made to `broker`. */
  route(client: string, broker: string): LinkRoute {
    return { toBroker: () => this.travelMs(client, broker), toClient: () => this.travelMs(broker, client) };
  }
}

function nameOf(from: string, to: string): string {
  return `${from} > ${to}`;
}
