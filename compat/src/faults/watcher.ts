import type { Worker } from '../kill-rounds/worker.ts';
import { BrokerView, type PartitionView } from './cluster-view.ts';
import { pause } from './fault-cluster.ts';
import { PROBE_TOPIC } from './service-probe.ts';

/** Between two looks at one broker. */
const PAUSE_MS = 100;

/** What a crowd of clients that ask every broker all the while was told of leaders and watermarks. */
export class Sightings {
  readonly broken: string[] = [];
  #count = 0;
  /** Who leads, by partition and epoch. */
  readonly #leaders = new Map<string, number>();
  /** The greatest epoch each broker told of, by broker and partition. */
  readonly #epochs = new Map<string, number>();
  /** The greatest watermark that anybody was told, by partition. */
  readonly #watermarks = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /** A broker tells who leads; `life` changes where it was started anew, which may know less for a while. */
  leads(teller: number, life: number, { name, leader, leaderEpoch }: PartitionView): void {
    this.#count += 1;
    if (leader >= 0) {
      const known = this.#leaders.get(`${name} ${leaderEpoch}`) ?? leader;
      if (known !== leader) this.#breaks(`${name}: ${known} and ${leader} lead in epoch ${leaderEpoch}`);
      this.#leaders.set(`${name} ${leaderEpoch}`, leader);
    }
    const key = `${teller} ${life} ${name}`;
    const before = this.#epochs.get(key) ?? leaderEpoch;
    if (leaderEpoch < before)
      this.#breaks(`${name}: broker ${teller} went back from epoch ${before} to ${leaderEpoch}`);
    this.#epochs.set(key, Math.max(before, leaderEpoch));
  }

  /** What is the newest that this client must find, before it asks. */
  expected(name: string): number {
    return this.#watermarks.get(name) ?? 0;
  }

  /** A leader tells where readers end; `atLeast` is what had been told before it was asked. */
  ends(name: string, watermark: number, atLeast: number): void {
    if (watermark < atLeast) this.#breaks(`${name}: readers end at ${watermark} after ${atLeast}`);
    this.#watermarks.set(name, Math.max(this.#watermarks.get(name) ?? 0, watermark));
  }

  #breaks(what: string): void {
    if (!this.broken.includes(what)) this.broken.push(what);
  }
}

/**
 * Asks every broker again and again who leads and where readers end: two leaders in one epoch, and epochs that go back, are broken
 * promises. Watermarks may not go back either, as long as one leader is asked; a leader that was deposed and does not know it is behind.
 */
export function watcher(): Worker {
  const sightings = new Sightings();
  return {
    topic: PROBE_TOPIC,
    async run(bootstrap, isOver) {
      await Promise.all(bootstrap.split(',').map((address, index) => watch(address, index + 1, isOver, sightings)));
    },
    acknowledged: () => sightings.count,
    check: async () => sightings.broken,
  };
}

async function watch(address: string, brokerId: number, isOver: () => boolean, sightings: Sightings): Promise<void> {
  const view = new BrokerView(address);
  let life = 0;
  let wasThere = true;
  while (!isOver()) {
    const partitions = await view.partitions();
    if (partitions === undefined && wasThere) life += 1;
    wasThere = partitions !== undefined;
    for (const each of partitions ?? []) sightings.leads(brokerId, life, each);
    // By broker, epoch and partition: two leaders are two clients' matter.
    const led = (partitions ?? []).filter(({ leader, topic }) => leader === brokerId && !topic.startsWith('__'));
    const keyOf = ({ name, leaderEpoch }: PartitionView): string => `${name} by ${brokerId} since ${leaderEpoch}`;
    const before = new Map(led.map((each) => [each.name, sightings.expected(keyOf(each))]));
    const ends = led.length > 0 ? await view.highWatermarks(led) : new Map<string, number>();
    for (const each of led) {
      const end = ends.get(each.name);
      if (end !== undefined) sightings.ends(keyOf(each), end, before.get(each.name) ?? 0);
    }
    await pause(PAUSE_MS);
  }
  await view.close();
}
