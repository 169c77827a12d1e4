import type { Api } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';

/**
 * Why another broker gave no answer.
 * - `unknown-broker`: the image has no such broker, or it has no endpoint of the inter-broker listener.
 * - `unreachable`: no connection could be made; the request was not sent.
 * - `timed-out`: it may or may not have been handled.
 * - `closed`: the connection, or all channels, ended before the answer came; it may or may not have been handled.
 * - `aborted`: the caller's signal fired; it may or may not have been handled.
 * - `unsupported`: the two brokers have no version of the API in common.
 * - `malformed`: what came is no answer to what was asked.
 */
export type ChannelErrorKind =
  | 'unknown-broker'
  | 'unreachable'
  | 'timed-out'
  | 'closed'
  | 'aborted'
  | 'unsupported'
  | 'malformed';

/** Every failure of a `BrokerChannels`. The message is one line that names the broker. */
export class ChannelError extends Error {
  readonly kind: ChannelErrorKind;
  readonly brokerId: number;
  constructor(kind: ChannelErrorKind, brokerId: number, message: string, cause?: unknown) {
    super(`broker ${brokerId}: ${message}`, { cause });
    this.name = 'ChannelError';
    this.kind = kind;
    this.brokerId = brokerId;
  }
}

export interface ChannelSendOptions {
  /** From the call to the answer, connecting included. A request that is out of time ends its connection. */
  readonly timeoutMs: number;
  /** Gives the request up; its connection stays. */
  readonly signal?: AbortSignal | undefined;
  /** The largest answer that is taken. Default: 16 MB. A larger one ends the connection (`malformed`). */
  readonly responseBytesMax?: number | undefined;
}

/**
 * Requests to the cluster's other brokers, over `inter.broker.listener.name`.
 *
 * There is one connection per broker and lane, made at the first request and again, after a pause that grows, at the next one after
 * it was lost; requests of one lane are sent in the order of the calls and answered in it. A request is sent at most once: whoever
 * asked decides whether to ask again. A pause before the connection counts against the request's time.
 */
export interface BrokerChannels {
  /**
   * Sends to a broker as the newest image knows it, in the newest version that both know. Rejects with `ChannelError`.
   * Bytes in the answer (`records`) are views of the memory that they were received into: they stay as long as they are referenced.
   */
  send<RequestIn, RequestOut, ResponseIn, ResponseOut>(
    brokerId: number,
    lane: string,
    api: Api<RequestIn, RequestOut, ResponseIn, ResponseOut>,
    request: RequestIn,
    options: ChannelSendOptions,
  ): Promise<ResponseOut>;
}

/** The channels as the composition root sees them. */
export interface BrokerChannelsHost extends BrokerChannels {
  /** Before everyone else who acts on the image: connections to endpoints or incarnations that are gone are closed. */
  applyImage(next: ClusterImage): void;
  /** Ends everything; what is under way is rejected as `closed`. */
  close(): void;
}
