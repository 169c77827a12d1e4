import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { Clock } from '../ports/clock.ts';
import { type Diagnostics, silentDiagnostics } from '../ports/diagnostics.ts';
import type { Address, Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import { backoffMs, type RetryPolicy } from '../retry-policy.ts';
import type { Authenticator } from '../security/authenticator.ts';
import { sleep } from '../sleep.ts';
import { BrokerConnection } from './broker-connection.ts';

export interface ConnectionPoolOptions {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly retry: RetryPolicy;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly authenticator?: Authenticator | undefined;
  /** Default: tells nobody. */
  readonly diagnostics?: Diagnostics | undefined;
}

interface Slot {
  opened: BrokerConnection | undefined;
  opening: Promise<BrokerConnection> | undefined;
  failures: number;
  /** No new attempt before this monotonic time. */
  retryAtMs: number;
  /** The channel was closed: what is being opened is of no use to anyone. */
  isDiscarded: boolean;
}

/**
 * The connections of a client: one per broker and channel. A channel keeps requests that wait long (a consumer's fetches) from
 * holding up others, since a broker answers a connection in order. A broker that refused is left alone for a while.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** The connection to a broker, opened where there is none. Rejects with a `KafkaError` when it cannot be. */
  get(address: Address, label: string, channel: string, signal?: AbortSignal): Promise<BrokerConnection> {
    const slot = this.#slotOf(address, channel);
    if (slot.opened !== undefined) return Promise.resolve(slot.opened);
    slot.opening ??= this.#open(slot, address, label, channel).finally(() => {
      slot.opening = undefined;
    });
    return signal === undefined ? slot.opening : raced(slot.opening, signal);
  }

  /** The open connection to a broker, if there is one. */
  peek(address: Address, channel: string): BrokerConnection | undefined {
    return this.#slots.get(keyOf(address, channel))?.opened;
  }

  /** Closes what a channel has open. */
  closeChannel(channel: string): void {
    for (const [key, slot] of this.#slots) {
      if (!key.startsWith(`${channel} `)) continue;
      slot.isDiscarded = true;
      slot.opened?.connection.close();
      this.#slots.delete(key);
    }
  }

  close(): void {
    this.#closing.abort(new Error('closed'));
    for (const slot of this.#slots.values()) slot.opened?.connection.close();
    this.#slots.clear();
  }

  #slotOf(address: Address, channel: string): Slot {
    const key = keyOf(address, channel);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { opened: undefined, opening: undefined, failures: 0, retryAtMs: 0, isDiscarded: false };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  async #open(slot: Slot, address: Address, label: string, channel: string): Promise<BrokerConnection> {
    const { clock, retry, random } = this.#options;
    const waitMs = slot.retryAtMs - clock.monotonicMs();
    if (waitMs > 0) await this.#sleep(waitMs);
    this.#refuseWhenClosed(slot);
    const startedAtMs = clock.monotonicMs();
    try {
      const opened = await BrokerConnection.open({ ...this.#options, address, label });
      if (this.#closing.signal.aborted || slot.isDiscarded) opened.connection.close();
      this.#refuseWhenClosed(slot);
      this.#tellConnect(label, channel, startedAtMs, undefined);
      this.#keep(slot, opened, channel);
      return opened;
    } catch (error) {
      if (!this.#isUnwanted(slot)) this.#tellConnect(label, channel, startedAtMs, error);
      slot.failures += 1;
      slot.retryAtMs = clock.monotonicMs() + backoffMs(retry, slot.failures, random);
      throw error;
    }
  }

  #tellConnect(broker: string, channel: string, startedAtMs: number, failure: unknown): void {
    const { clock, clientId, diagnostics = silentDiagnostics } = this.#options;
    if (!diagnostics.connect.hasSubscribers) return;
    const error = failure === undefined ? undefined : asKafkaError(failure);
    diagnostics.connect.publish({ clientId, broker, channel, durationMs: clock.monotonicMs() - startedAtMs, error });
  }

  #keep(slot: Slot, opened: BrokerConnection, channel: string): void {
    const { clientId, diagnostics = silentDiagnostics } = this.#options;
    slot.opened = opened;
    slot.failures = 0;
    void opened.connection.closed.then(() => {
      if (slot.opened === opened) slot.opened = undefined;
      const { label: broker, failure: error } = opened.connection;
      if (diagnostics.disconnect.hasSubscribers) diagnostics.disconnect.publish({ clientId, broker, channel, error });
    });
  }

  async #sleep(delayMs: number): Promise<void> {
    try {
      await sleep(this.#options.clock, delayMs, this.#closing.signal);
    } catch {
      // Closed: whoever waited finds out next.
    }
  }

  #isUnwanted(slot: Slot): boolean {
    return this.#closing.signal.aborted || slot.isDiscarded;
  }

  #refuseWhenClosed(slot: Slot): void {
    if (this.#isUnwanted(slot)) throw new KafkaError(ClientErrorCode.CLOSED, 'the client was closed');
  }
}

function keyOf(address: Address, channel: string): string {
  return `${channel} ${address.host}:${address.port}`;
}

/** What `promise` brings, unless the signal fires first. */
export function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(new KafkaError(ClientErrorCode.ABORTED, 'the call was aborted', { cause: signal.reason }));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
