import { asKafkaError, KafkaError } from '../kafka-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { WriteGate } from '../network/write-gate.ts';
import type { Authenticator, Unauthenticated } from './authenticator.ts';
import type { Conversation } from './sasl-mechanism.ts';

export interface SessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long the broker may take for each answer. */
  readonly timeoutMs: number;
}

/** After what could not be prepared, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Authenticates a connection anew before its session ends (KIP-368): at the first request after 85 to 95 % of the session, so that
 * nothing runs while nobody uses the connection. What is under way goes on; what comes meanwhile waits for the moment that it takes.
 */
export class SessionKeeper {
  readonly #authenticator: Authenticator;
  readonly #target: Unauthenticated;
  readonly #options: SessionOptions;
  readonly #gate: WriteGate;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #endsAtMs = Number.POSITIVE_INFINITY;
  #isRenewing = false;

  constructor(authenticator: Authenticator, target: Unauthenticated, options: SessionOptions) {
    this.#authenticator = authenticator;
    this.#target = target;
    this.#options = options;
    this.#gate = target.connection.keepSession(() => this.#look());
  }

  /** The session has begun. */
  begun(lifetimeMs: number): void {
    const isForEver = lifetimeMs <= 0;
    const { clock, random } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#endsAtMs = isForEver ? Number.POSITIVE_INFINITY : nowMs + lifetimeMs;
    this.#dueAtMs = isForEver ? Number.POSITIVE_INFINITY : nowMs + lifetimeMs * (0.85 + random.int(101) / 1000);
  }

  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#dueAtMs) return;
    // The broker would end the connection for anything else than an authentication.
    if (nowMs >= this.#endsAtMs) this.#gate.hold();
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    void this.#renew().finally(() => {
      this.#isRenewing = false;
    });
  }

  /** Never rejects: what fails for good ends the connection. */
  async #renew(): Promise<void> {
    const { connection } = this.#target;
    try {
      const conversation = await this.#prepared();
      if (conversation === undefined || connection.isClosed) return;
      this.#gate.hold();
      this.begun(await this.#authenticator.authenticate(this.#target, conversation, this.#options.timeoutMs));
      this.#gate.release();
    } catch (error) {
      connection.close(asKafkaError(error));
    }
  }

  /** Undefined where it is tried again later, since the session still counts. */
  async #prepared(): Promise<Conversation | undefined> {
    try {
      return await this.#authenticator.prepare();
    } catch (error) {
      const nowMs = this.#options.clock.monotonicMs();
      const isLate = nowMs + RETRY_MS >= this.#endsAtMs;
      if (isLate || !(error instanceof KafkaError && error.retriable)) throw error;
      this.#dueAtMs = nowMs + RETRY_MS;
      return undefined;
    }
  }
}
