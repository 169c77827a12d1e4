import { ApiVersions, ErrorCode, type ResponseOf } from '@ks/protocol';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import type { ChannelErrorKind } from './broker-channels.ts';
import { type ChannelCall, ChannelConnection } from './channel-connection.ts';

/** The longest that making a connection may take, asking for the versions included. */
const CONNECT_MS_MAX = 5000;
/** The pause before the second attempt to connect; it doubles with each further one. */
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 1000;
const VERSIONS_BYTES_MAX = 65_536;
/** Every ks broker knows it; it is what tells the other versions. */
const API_VERSIONS_VERSION = 3;

export interface LaneOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly clientId: string;
  /** Where the broker is now. */
  readonly address: { readonly host: string; readonly port: number };
}

/** The connection for the requests of one lane to one broker, and those that wait for it. */
export class ChannelLane {
  readonly #options: LaneOptions;
  #connection: ChannelConnection | undefined;
  #waiting: ChannelCall[] = [];
  #attempt: AbortController | undefined;
  #pause: Timer | undefined;
  #failures = 0;
  #mayConnectAtMs = 0;
  #isClosed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  send(call: ChannelCall): void {
    if (this.#connection?.versions !== undefined) {
      this.#connection.request(call);
      return;
    }
    this.#waiting.push(call);
    this.#connectSoon();
  }

  /** A call has run out of time: whatever else is on its connection would wait behind it. */
  timedOut(call: ChannelCall): void {
    if (this.#waiting.includes(call)) this.#waiting = this.#waiting.filter((each) => each !== call);
    else this.#connection?.end('closed', 'an answer on the same connection did not come in time');
  }

  close(message: string): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#attempt?.abort(new Error(message));
    this.#connection?.end('closed', message);
    this.#fail('closed', message);
  }

  #connectSoon(): void {
    if (this.#attempt !== undefined || this.#pause !== undefined || this.#isClosed) return;
    const { clock } = this.#options;
    const delayMs = this.#mayConnectAtMs - clock.monotonicMs();
    if (delayMs <= 0) return void this.#connect();
    this.#pause = clock.setTimer(delayMs, () => {
      this.#pause = undefined;
      this.#waiting = this.#waiting.filter((call) => !call.isSettled);
      if (this.#waiting.length > 0) void this.#connect();
    });
  }

  async #connect(): Promise<void> {
    const { network, clock, address } = this.#options;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const deadline = clock.setTimer(CONNECT_MS_MAX, () => {
      const message = `no connection within ${CONNECT_MS_MAX} ms`;
      attempt.abort(new Error(message));
      this.#connection?.end('unreachable', message);
    });
    try {
      await network.connect(address, (socket) => this.#open(socket), attempt.signal);
      const connection = this.#connection;
      if (connection === undefined) throw new AttemptError('unreachable', 'the connection was closed at once');
      await this.#askVersions(connection);
      this.#failures = 0;
    } catch (error) {
      this.#refused(error);
    } finally {
      deadline.cancel();
      this.#attempt = undefined;
    }
    this.#flush();
  }

  #open(socket: ConstructorParameters<typeof ChannelConnection>[0]): ChannelConnection {
    const connection = new ChannelConnection(socket, this.#options.clientId, () => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    this.#connection = connection;
    if (this.#isClosed) connection.end('closed', 'the channels are closed');
    return connection;
  }

  async #askVersions(connection: ChannelConnection): Promise<void> {
    const response = await new Promise<ResponseOf<typeof ApiVersions>>((resolve, reject) => {
      const call: ChannelCall = {
        api: ApiVersions,
        request: { clientSoftwareName: 'ks-broker', clientSoftwareVersion: '0' },
        responseBytesMax: VERSIONS_BYTES_MAX,
        isSettled: false,
        answered: (answer) => resolve(answer as ResponseOf<typeof ApiVersions>),
        failed: (kind, message) => reject(new AttemptError(kind === 'malformed' ? kind : 'unreachable', message)),
      };
      connection.request(call, API_VERSIONS_VERSION);
    });
    if (response.errorCode !== ErrorCode.NONE) {
      const message = `answered ApiVersions with error ${response.errorCode}`;
      connection.end('malformed', message);
      throw new AttemptError('malformed', message);
    }
    connection.versions = new Map(
      response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
    );
  }

  #refused(error: unknown): void {
    const { clock, random } = this.#options;
    const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    // Somewhere in the second half, so that brokers which lost the same peer do not come back at once.
    this.#mayConnectAtMs = clock.monotonicMs() + pauseMs / 2 + random.int(Math.ceil(pauseMs / 2));
    const kind = error instanceof AttemptError ? error.kind : 'unreachable';
    this.#fail(this.#isClosed ? 'closed' : kind, error instanceof Error ? error.message : String(error), error);
  }

  #flush(): void {
    const connection = this.#connection;
    if (connection?.versions === undefined) {
      // Lost again at once, or asked for while the attempt failed.
      if (this.#waiting.length > 0) this.#connectSoon();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) if (!call.isSettled) connection.request(call);
  }

  #fail(kind: ChannelErrorKind, message: string, cause?: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.failed(kind, message, cause);
  }
}

/** Why no connection was made. */
class AttemptError extends Error {
  readonly kind: ChannelErrorKind;
  constructor(kind: ChannelErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
