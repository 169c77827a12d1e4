import { type AnyApi, type Api, ApiVersions, decodeResponse, encodeRequest, joinFrame, Produce } from '@ks/protocol';
import type { SeededRandom } from './prng.ts';
import type { SimNetwork, SimSocket } from './sim-network.ts';

/** What a client knows of the world. */
export interface SimClientHost {
  readonly random: SeededRandom;
  /** The broker's process that lives now. */
  life(): { readonly number: number; readonly network: SimNetwork } | undefined;
  readonly port: number;
  /** The broker broke its word. */
  violate(what: string): void;
  /** Something worth a line of the trace. */
  note(what: string): void;
}

interface Expected {
  readonly api: AnyApi;
  readonly correlationId: number;
  /** Undefined: the connection ended without an answer. */
  readonly settle: (frame: Uint8Array | undefined) => void;
}

/** Produce below this is advertised for the sake of one client, not served. */
const PRODUCE_MIN = 3;

/** A client that speaks the protocol's bytes over one simulated connection at a time, and holds the broker to the order of its answers. */
export class SimClient {
  readonly name: string;
  readonly #host: SimClientHost;
  #socket: SimSocket | undefined;
  #expected: Expected[] = [];
  #received: Uint8Array = new Uint8Array(0);
  #correlationId = 0;
  #versions = new Map<number, { readonly min: number; readonly max: number }>();
  /** Counts connections, so that an answer can be told from one of an earlier connection. */
  connectionNumber = 0;
  /** The broker's process that the connection goes to. */
  life = 0;
  /** What was sent on this connection may be anything: whatever comes back is not looked at. */
  #isDeaf = false;

  constructor(name: string, host: SimClientHost) {
    this.name = name;
    this.#host = host;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** Whether some broker has told what it speaks. */
  get knowsVersions(): boolean {
    return this.#versions.size > 0;
  }

  /** Requests that have not been answered. */
  get outstandingCount(): number {
    return this.#expected.length;
  }

  /** What is outstanding, for a report. */
  outstanding(): readonly string[] {
    return this.#expected.map(({ api, correlationId }) => `${this.name}: ${api.name} ${correlationId}`);
  }

  /** Connects and asks for the versions; false where the broker is not there or goes away meanwhile. */
  async connect(): Promise<boolean> {
    const life = this.#host.life();
    if (life === undefined) return false;
    this.life = life.number;
    this.#isDeaf = false;
    this.connectionNumber += 1;
    const { connectionNumber } = this;
    this.#received = new Uint8Array(0);
    try {
      const events = {
        received: (bytes: Uint8Array) => connectionNumber === this.connectionNumber && this.#take(bytes),
        closed: () => this.#closed(connectionNumber),
      };
      this.#socket = life.network.connectClient(this.#host.port, events, this.name);
    } catch {
      return false;
    }
    const body = { clientSoftwareName: 'ks-sim', clientSoftwareVersion: '1' };
    const answer = await this.request(ApiVersions, 4, body);
    if (answer === undefined) return false;
    if (answer.errorCode !== 0) this.#host.violate(`${this.name}: ApiVersions answered ${answer.errorCode}`);
    this.#versions = new Map(
      answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
    );
    return this.isConnected;
  }

  /** Some version that both sides speak, from `min` to `max`; undefined where there is none. */
  version(api: AnyApi, min = 0, max = Number.POSITIVE_INFINITY): number | undefined {
    const range = this.#versions.get(api.key);
    if (range === undefined) return undefined;
    const from = Math.max(range.min, min, api.key === Produce.key ? PRODUCE_MIN : 0, api.versions.min);
    const to = Math.min(range.max, api.versions.max, max);
    return from > to ? undefined : from + this.#host.random.int(to - from + 1);
  }

  /** Sends a request; undefined where the connection ended before its answer. */
  request<In, Out, ResIn, ResOut>(
    api: Api<In, Out, ResIn, ResOut>,
    version: number,
    body: In,
  ): Promise<ResOut | undefined> {
    const frame = this.#frame(api, version, body);
    if (this.#socket === undefined) return Promise.resolve(undefined);
    const correlationId = this.#correlationId;
    return new Promise((resolve) => {
      this.#expected.push({
        api,
        correlationId,
        settle: (bytes) => resolve(bytes === undefined ? undefined : this.#decode(api, version, correlationId, bytes)),
      });
      this.#socket?.send(frame);
    });
  }

  /** Sends a request that has no answer. */
  send<In, Out, ResIn, ResOut>(api: Api<In, Out, ResIn, ResOut>, version: number, body: In): void {
    this.#socket?.send(this.#frame(api, version, body));
  }

  /** Sends a part of a request and cuts the connection. */
  sendHalf<In, Out, ResIn, ResOut>(api: Api<In, Out, ResIn, ResOut>, version: number, body: In): void {
    const frame = this.#frame(api, version, body);
    this.#socket?.send(frame.subarray(0, 1 + this.#host.random.int(frame.length - 1)));
    this.close();
  }

  /** A request's bytes, size included, for `sendBytes`. */
  bytesOf<In, Out, ResIn, ResOut>(api: Api<In, Out, ResIn, ResOut>, version: number, body: In): Uint8Array {
    return this.#frame(api, version, body);
  }

  /** Sends any bytes. Nothing that comes on this connection from now on is taken for an answer. */
  sendBytes(bytes: Uint8Array): void {
    this.#isDeaf = true;
    this.#socket?.send(bytes);
  }

  /** Stops taking what comes, as a reader that is busy elsewhere. */
  pause(): void {
    this.#socket?.pause();
  }
  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.close();
    this.#closed(this.connectionNumber);
  }

  #frame<In, Out, ResIn, ResOut>(api: Api<In, Out, ResIn, ResOut>, version: number, body: In): Uint8Array {
    this.#correlationId += 1;
    return joinFrame(encodeRequest(api, version, { correlationId: this.#correlationId, clientId: this.name }, body));
  }

  #decode<In, Out, ResIn, ResOut>(
    api: Api<In, Out, ResIn, ResOut>,
    version: number,
    correlationId: number,
    bytes: Uint8Array,
  ): ResOut | undefined {
    try {
      const response = decodeResponse(api, version, bytes);
      if (response.correlationId !== correlationId) {
        const order = `request ${correlationId} was answered by ${response.correlationId}`;
        this.#host.violate(`${this.name}: order of answers: ${api.name} v${version} ${order}`);
      }
      return response.body;
    } catch (error) {
      this.#host.violate(`${this.name}: an answer to ${api.name} v${version} cannot be decoded: ${String(error)}`);
      return undefined;
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.#isDeaf) return;
    let all = new Uint8Array(this.#received.length + bytes.length);
    all.set(this.#received);
    all.set(bytes, this.#received.length);
    while (all.length >= 4) {
      const size = new DataView(all.buffer, all.byteOffset).getInt32(0);
      if (size < 4) this.#host.violate(`${this.name}: a frame of ${size} bytes`);
      if (all.length < 4 + size) break;
      this.#answered(all.slice(4, 4 + size));
      all = all.subarray(4 + size);
    }
    this.#received = all;
  }

  #answered(frame: Uint8Array): void {
    const expected = this.#expected.shift();
    if (expected === undefined) this.#host.violate(`${this.name}: an answer to nothing that was asked`);
    else expected.settle(frame);
  }

  #closed(connectionNumber: number): void {
    if (connectionNumber !== this.connectionNumber) return;
    this.#socket = undefined;
    const expected = this.#expected;
    this.#expected = [];
    for (const { settle } of expected) settle(undefined);
  }
}
