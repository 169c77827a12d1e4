import { type AnyApi, brokerVersions, decodeResponse, encodeRequest, isBytes, type VersionRange } from '@ks/protocol';
import type { Connection, ConnectionEvents } from '../ports/network.ts';
import { ChannelFrames } from './channel-frames.ts';
import type { ChannelErrorKind } from './broker-channels.ts';

/** A request on its way, settled once. */
export interface ChannelCall {
  readonly api: AnyApi;
  readonly request: unknown;
  readonly responseBytesMax: number;
  /** The caller has given up: its answer is still due, and nobody's. */
  readonly isSettled: boolean;
  answered(response: unknown): void;
  failed(kind: ChannelErrorKind, message: string, cause?: unknown): void;
}

interface Due {
  readonly call: ChannelCall;
  readonly version: number;
}

/** One connection to another broker. Requests go out as they come, answers come back in that order. */
export class ChannelConnection implements ConnectionEvents {
  /** What the other one serves; undefined before it has said so. */
  versions: ReadonlyMap<number, VersionRange> | undefined;
  readonly #socket: Connection;
  readonly #clientId: string;
  readonly #gone: () => void;
  readonly #frames: ChannelFrames;
  /** By correlation id, in the order they were sent in. */
  readonly #due = new Map<number, Due>();
  #nextCorrelationId = 0;
  #isClosed = false;

  /** `gone` is called once, before the calls that were under way fail. */
  constructor(socket: Connection, clientId: string, gone: () => void) {
    this.#socket = socket;
    this.#clientId = clientId;
    this.#gone = gone;
    this.#frames = new ChannelFrames(
      (correlationId) => this.#bytesMaxOf(correlationId),
      (correlationId, frame) => this.#answered(correlationId, frame),
    );
  }

  /** Sends a request now, in the newest version that both sides know, or in `version`. */
  request(call: ChannelCall, version = this.#versionFor(call.api)): void {
    if (version === undefined) {
      call.failed('unsupported', `there is no version of ${call.api.name} that both brokers know`);
      return;
    }
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff;
    let frame: readonly Uint8Array[];
    try {
      frame = encodeRequest(call.api, version, { correlationId, clientId: this.#clientId }, call.request).filter(
        isBytes,
      );
    } catch (error) {
      call.failed('unsupported', `${call.api.name} cannot be written in version ${version}`, error);
      return;
    }
    this.#due.set(correlationId, { call, version });
    this.#socket.write(frame, () => undefined);
  }

  /** Ends the connection; what is under way fails. */
  end(kind: ChannelErrorKind, message: string, cause?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#gone();
    const due = [...this.#due.values()];
    this.#due.clear();
    for (const { call } of due) call.failed(kind, message, cause);
  }

  nextView(): Uint8Array {
    return this.#frames.nextView();
  }

  received(length: number): void {
    if (this.#isClosed) return;
    try {
      this.#frames.received(length);
    } catch (error) {
      this.end('malformed', `sent ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  drained(): void {
    // What is sent is bounded by those who wait for its answers.
  }

  closed(error: Error | undefined): void {
    this.end('closed', `closed the connection${error === undefined ? '' : `: ${error.message}`}`, error);
  }

  #versionFor(api: AnyApi): number | undefined {
    const own = brokerVersions.get(api.key);
    // What only brokers among themselves use is not listed; both sides have it as their schemas say.
    if (own === undefined) return api.versions.max;
    const theirs = this.versions?.get(api.key);
    if (theirs === undefined) return undefined;
    const version = Math.min(own.max, theirs.max);
    return version >= Math.max(own.min, theirs.min) ? version : undefined;
  }

  /** Only the one that is due next. */
  #bytesMaxOf(correlationId: number): number | undefined {
    const [next] = this.#due;
    return next?.[0] === correlationId ? next[1].call.responseBytesMax : undefined;
  }

  #answered(correlationId: number, frame: Uint8Array): void {
    const due = this.#due.get(correlationId);
    this.#due.delete(correlationId);
    if (due === undefined || due.call.isSettled) return;
    const { call, version } = due;
    let body: unknown;
    try {
      body = decodeResponse(call.api, version, frame).body;
    } catch (error) {
      const message = `answered ${call.api.name} with what cannot be read: ${error instanceof Error ? error.message : error}`;
      call.failed('malformed', message, error);
      this.end('malformed', message, error);
      return;
    }
    call.answered(body);
  }
}
