import type { Etcd3, ILeaseKeepAliveResponse } from 'etcd3';
import type { Clock, Timer } from '../ports/clock.ts';
import type { StoreLease } from '../ports/metadata-store.ts';
import type { EtcdMembers } from './etcd-client.ts';
import { etcdError } from './etcd-errors.ts';

export interface EtcdLeaseOptions {
  readonly id: string;
  /** As etcd granted it. */
  readonly ttlMs: number;
  /** Monotonic time at which the grant was asked for. */
  readonly askedAtMs: number;
  readonly members: EtcdMembers;
  readonly clock: Clock;
  /** Names the store in messages. */
  readonly store: string;
}

/** A lease that is kept alive every third of its lifetime, until it is revoked, closed, or etcd says that it is gone. */
export class EtcdLease implements StoreLease {
  readonly id: string;
  readonly lost: Promise<void>;
  readonly #options: EtcdLeaseOptions;
  #lose: () => void = () => undefined;
  #aliveAtMs: number;
  #isOver = false;
  #timer: Timer;

  constructor(options: EtcdLeaseOptions) {
    this.#options = options;
    this.id = options.id;
    this.#aliveAtMs = options.askedAtMs;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#timer = this.#after(options.ttlMs / 3);
  }

  /** Counted from when the last answered keep-alive was *sent*; a tenth less, for clocks that do not run alike. */
  deadlineMs(): number {
    return this.#aliveAtMs + this.#options.ttlMs * 0.9;
  }

  async revoke(): Promise<void> {
    this.close();
    const { members, store, id } = this.#options;
    await revokeEtcdLease(members, store, id);
  }

  /** Keeps it alive no longer: it runs out by itself. */
  close(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }

  #after(delayMs: number): Timer {
    return this.#options.clock.setTimer(delayMs, () => void this.#keepAlive());
  }

  async #keepAlive(): Promise<void> {
    const { members, clock, ttlMs, id } = this.#options;
    const client = members.current;
    const sentAtMs = clock.monotonicMs();
    try {
      const ttl = await keepAliveOnce(client, id, clock, ttlMs / 6);
      if (this.#isOver) return;
      if (ttl <= 0) {
        this.close();
        this.#lose();
        return;
      }
      this.#aliveAtMs = sentAtMs;
      this.#timer = this.#after(ttlMs / 3);
    } catch {
      // Silence is no answer: the old lease is tried for as long as nobody says that it is gone.
      members.leave(client);
      if (!this.#isOver) this.#timer = this.#after(ttlMs / 20);
    }
  }
}

/** One that has ended already is no fault. @throws MetadataStoreError */
export async function revokeEtcdLease(members: EtcdMembers, store: string, id: string): Promise<void> {
  try {
    await members.ask((client) => client.leaseClient.leaseRevoke({ ID: id }));
  } catch (error) {
    const known = etcdError(store, error);
    if (known.kind !== 'lease-not-found') throw known;
  }
}

/** The seconds that the lease has from now on; 0: it is gone. */
async function keepAliveOnce(client: Etcd3, id: string, clock: Clock, timeoutMs: number): Promise<number> {
  let timer: Timer | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
  });
  const opening = client.leaseClient.leaseKeepAlive();
  const answer = opening.then(
    (stream) =>
      new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
        stream.on('data', resolve);
        stream.on('error', reject);
        stream.on('end', () => reject(new Error('etcd ended the stream')));
        stream.write({ ID: id });
      }),
  );
  try {
    const { TTL } = await Promise.race([answer, expiry]);
    // Ended and not cancelled: a cancelled stream counts as a failure of its member and closes the connection.
    void opening.then((stream) => stream.end());
    return Number(TTL);
  } catch (error) {
    answer.catch(() => undefined);
    opening.then(
      (stream) => stream.cancel(),
      () => undefined,
    );
    throw error;
  } finally {
    timer?.cancel();
  }
}
