import {
  type Api,
  decodeResponse,
  encodeRequest,
  Envelope,
  ErrorCode,
  joinFrame,
  type RequestInput,
} from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import { encodeCaller, encodeHost, type ForwardedCaller } from './forwarded-caller.ts';

/** A request that the controller is to answer, and for whom. */
export interface ForwardOptions {
  readonly apiVersion: number;
  readonly caller: ForwardedCaller;
  /** How long the controller may take, its election included. */
  readonly timeoutMs: number;
}

/** The way to the controller for requests that only it can answer. */
export interface ControllerChannel {
  /** Whether this broker is the controller, as far as it knows. */
  readonly isHere: boolean;
  /**
   * The controller's answer. It is asked again where it is not the controller any more, or cannot be reached. Undefined where there
   * is none to be had in time, where this broker has become the controller, or where the answer was lost: then the request may have
   * been done. Never rejects.
   */
  ask<RequestIn, RequestOut, ResponseIn, ResponseOut>(
    api: Api<RequestIn, RequestOut, ResponseIn, ResponseOut>,
    request: RequestIn,
    options: ForwardOptions,
  ): Promise<ResponseOut | undefined>;
}

export interface ControllerChannelOptions {
  readonly brokerId: number;
  readonly channels: BrokerChannels;
  readonly image: () => ClusterImage;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LANE = 'controller';
const RETRY_DELAY_MS = 50;
/** Descriptions of what was created can be long; requests as large as this are refused anyway. */
const RESPONSE_BYTES_MAX = 104_857_600;

/** Requests in envelopes (KIP-590), over the channels between brokers. */
export class EnvelopeControllerChannel implements ControllerChannel {
  readonly #options: ControllerChannelOptions;

  constructor(options: ControllerChannelOptions) {
    this.#options = options;
  }

  get isHere(): boolean {
    return this.#options.image().controllerId === this.#options.brokerId;
  }

  async ask<RequestIn, RequestOut, ResponseIn, ResponseOut>(
    api: Api<RequestIn, RequestOut, ResponseIn, ResponseOut>,
    request: RequestIn,
    { apiVersion, caller, timeoutMs }: ForwardOptions,
  ): Promise<ResponseOut | undefined> {
    const { clock, image, logger } = this.#options;
    const head = { correlationId: 0, clientId: caller.clientId };
    const envelope = {
      requestData: joinFrame(encodeRequest(api, apiVersion, head, request)).subarray(4),
      requestPrincipal: encodeCaller(caller),
      clientHostAddress: encodeHost(caller.host),
    };
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = deadlineMs - clock.monotonicMs();
      const { controllerId } = image();
      if (leftMs <= 0 || this.isHere) return undefined;
      const answer = await this.#askOnce(controllerId, envelope, leftMs);
      if (answer instanceof Uint8Array) return decodeResponse(api, apiVersion, answer).body;
      if (answer !== 'again') {
        logger.warn({ api: api.name, controllerId }, `The controller did not answer a forwarded request: ${answer}`);
        return undefined;
      }
      await new Promise<void>((resolve) => clock.setTimer(Math.min(RETRY_DELAY_MS, leftMs), resolve));
    }
  }

  /** `again`: it was surely not done. */
  async #askOnce(
    controllerId: number,
    envelope: RequestInput<typeof Envelope>,
    timeoutMs: number,
  ): Promise<Uint8Array | 'again' | string> {
    if (controllerId < 0) return 'again';
    try {
      const { channels } = this.#options;
      const options = { timeoutMs, responseBytesMax: RESPONSE_BYTES_MAX };
      const { errorCode, responseData } = await channels.send(controllerId, LANE, Envelope, envelope, options);
      if (errorCode === ErrorCode.NOT_CONTROLLER) return 'again';
      if (errorCode !== ErrorCode.NONE || responseData === null) return `error ${errorCode}`;
      return responseData;
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      return error.kind === 'unreachable' || error.kind === 'unknown-broker' ? 'again' : error.message;
    }
  }
}
