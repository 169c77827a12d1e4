import { releaseParts } from '../ports/wire-part.ts';
import { type FetchTarget, lacksWatermark, readableEnd, readRefusal } from './fetch-target.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { Waiter } from './purgatory.ts';

/** How far the bytes of one partition have been counted. */
export interface Counted {
  readonly target: FetchTarget;
  nextOffset: number;
  sizeBytes: number;
}

/** A fetch that waits until `minBytes` can be read. It holds no records: it counts what a read would give, each byte once. */
export class FetchWait implements Waiter<HostedReplica> {
  readonly keys: readonly HostedReplica[];
  /** Resolves when the wait is over, for whatever reason. */
  readonly over: Promise<void>;
  readonly #minBytes: number;
  readonly #tellsWatermarks: boolean;
  readonly #counted = new Map<HostedReplica, Counted[]>();
  #sizeBytes = 0;
  #resolve: () => void = () => {};

  /** `counted` begins with what has been read already. */
  constructor(counted: readonly Counted[], minBytes: number, tellsWatermarks = false) {
    this.#minBytes = minBytes;
    this.#tellsWatermarks = tellsWatermarks;
    for (const each of counted) {
      this.#sizeBytes += each.sizeBytes;
      const { replica } = each.target;
      const others = this.#counted.get(replica);
      if (others === undefined) this.#counted.set(replica, [each]);
      else others.push(each);
    }
    this.keys = [...this.#counted.keys()];
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Whether the wait is over before it begins: records may have come since they were last looked for. */
  isDoneNow(): boolean {
    return this.keys.some((replica) => this.isDoneAfter(replica));
  }

  isDoneAfter(replica: HostedReplica): boolean {
    for (const counted of this.#counted.get(replica) ?? []) {
      if (this.#tellsWatermarks && lacksWatermark(counted.target)) return true;
      if (readRefusal(counted.target) !== 0 || replica.leaderEpoch !== counted.target.leaderEpoch) return true;
      if (this.#count(counted)) return true;
    }
    return false;
  }

  finish(): void {
    this.#resolve();
  }

  /** Counts what has come; true when there is enough, or when counting would have to wait for the disk. */
  #count(counted: Counted): boolean {
    const { replica, asked } = counted.target;
    const end = readableEnd(counted.target);
    while (counted.nextOffset < end && counted.sizeBytes < asked.partitionMaxBytes) {
      if (this.#minBytes <= 1) return true;
      const read = replica.log.read(counted.nextOffset, asked.partitionMaxBytes, end, {
        minOneBatch: true,
        withEmpty: counted.target.isReplica,
      });
      if (read instanceof Promise) {
        void read.then(
          (late) => late.type === 'records' && releaseParts(late.parts),
          () => {},
        );
        return true;
      }
      if (read.type !== 'records') return true;
      releaseParts(read.parts);
      if (read.nextOffset <= counted.nextOffset) return true;
      counted.nextOffset = read.nextOffset;
      counted.sizeBytes += read.sizeBytes;
      this.#sizeBytes += read.sizeBytes;
      if (this.#sizeBytes >= this.#minBytes) return true;
    }
    return false;
  }
}
