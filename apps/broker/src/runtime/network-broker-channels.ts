import type { AnyApi, Api } from '@ks/protocol';
import { type BrokerImage, type ClusterImage, emptyClusterImage } from '../core/metadata/image.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import {
  type BrokerChannelsHost,
  ChannelError,
  type ChannelErrorKind,
  type ChannelSendOptions,
} from './broker-channels.ts';
import type { ChannelCall } from './channel-connection.ts';
import { ChannelLane } from './channel-lane.ts';

/** Where an answer may be how large, if the caller does not say. */
const RESPONSE_BYTES_MAX = 16_777_216;

export interface NetworkBrokerChannelsOptions {
  readonly brokerId: number;
  readonly interBrokerListenerName: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
}

/** One broker as seen from here: where it is, which incarnation, and the lanes to it. */
interface Peer {
  readonly brokerEpoch: number;
  readonly host: string;
  readonly port: number;
  readonly lanes: Map<string, ChannelLane>;
}

/** Channels over the network port. */
export class NetworkBrokerChannels implements BrokerChannelsHost {
  readonly #options: NetworkBrokerChannelsOptions;
  readonly #peers = new Map<number, Peer>();
  #image: ClusterImage = emptyClusterImage;
  #isClosed = false;

  constructor(options: NetworkBrokerChannelsOptions) {
    this.#options = options;
  }

  applyImage(next: ClusterImage): void {
    const isSame = this.#image.brokers === next.brokers;
    this.#image = next;
    if (isSame) return;
    for (const [brokerId, peer] of this.#peers) {
      const broker = next.brokers.get(brokerId);
      const endpoint = broker && this.#endpointOf(broker);
      const isThere = endpoint?.host === peer.host && endpoint.port === peer.port;
      // A broker that is gone keeps its connections: it may still serve what it led, and a new one would only be tried in vain.
      const isSameIncarnation = broker?.brokerEpoch === peer.brokerEpoch || broker?.brokerEpoch === -1;
      if (isThere && isSameIncarnation) continue;
      this.#peers.delete(brokerId);
      for (const lane of peer.lanes.values()) lane.close('the broker has another address or started anew');
    }
  }

  send<RequestIn, RequestOut, ResponseIn, ResponseOut>(
    brokerId: number,
    lane: string,
    api: Api<RequestIn, RequestOut, ResponseIn, ResponseOut>,
    request: RequestIn,
    options: ChannelSendOptions,
  ): Promise<ResponseOut> {
    return new Promise((resolve, reject) => {
      // The one place where the message types are forgotten: the answer is decoded by `api`.
      const answered = resolve as (response: unknown) => void;
      const found = this.#laneTo(brokerId, lane);
      const call = new TimedCall({ brokerId, api, request, options, clock: this.#options.clock, answered, reject });
      if (found instanceof ChannelLane) call.start(found);
      else call.failed(...found);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { lanes } of this.#peers.values()) {
      for (const lane of lanes.values()) lane.close('this broker is stopping');
    }
    this.#peers.clear();
  }

  #laneTo(brokerId: number, name: string): ChannelLane | readonly [ChannelErrorKind, string] {
    if (this.#isClosed) return ['closed', 'this broker is stopping'];
    const peer = this.#peers.get(brokerId) ?? this.#newPeer(brokerId);
    if (peer === undefined) {
      return ['unknown-broker', `no endpoint of the listener ${this.#options.interBrokerListenerName} is known`];
    }
    let lane = peer.lanes.get(name);
    if (lane === undefined) {
      const { network, clock, random } = this.#options;
      const clientId = `broker-${this.#options.brokerId}-${name}`;
      lane = new ChannelLane({ network, clock, random, clientId, address: peer });
      peer.lanes.set(name, lane);
    }
    return lane;
  }

  #newPeer(brokerId: number): Peer | undefined {
    const broker = this.#image.brokers.get(brokerId);
    const endpoint = broker && this.#endpointOf(broker);
    if (endpoint === undefined) return undefined;
    const { brokerEpoch } = broker ?? { brokerEpoch: -1 };
    const peer: Peer = { brokerEpoch, host: endpoint.host, port: endpoint.port, lanes: new Map() };
    this.#peers.set(brokerId, peer);
    return peer;
  }

  #endpointOf({ endpoints }: BrokerImage): { readonly host: string; readonly port: number } | undefined {
    return endpoints.find(({ listenerName }) => listenerName === this.#options.interBrokerListenerName);
  }
}

interface TimedCallOptions {
  readonly brokerId: number;
  readonly api: AnyApi;
  readonly request: unknown;
  readonly options: ChannelSendOptions;
  readonly clock: Clock;
  readonly answered: (response: unknown) => void;
  readonly reject: (error: ChannelError) => void;
}

/** One call with its time and its signal. */
class TimedCall implements ChannelCall {
  readonly api: AnyApi;
  readonly request: unknown;
  readonly responseBytesMax: number;
  isSettled = false;
  readonly #call: TimedCallOptions;
  #timer: Timer | undefined;
  readonly #onAbort = (): void => this.failed('aborted', 'the request was given up');

  constructor(call: TimedCallOptions) {
    this.#call = call;
    this.api = call.api;
    this.request = call.request;
    this.responseBytesMax = call.options.responseBytesMax ?? RESPONSE_BYTES_MAX;
  }

  start(lane: ChannelLane): void {
    const { clock, options } = this.#call;
    const { signal, timeoutMs } = options;
    if (signal?.aborted === true) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#timer = clock.setTimer(timeoutMs, () => {
      this.failed('timed-out', `${this.api.name} was not answered within ${timeoutMs} ms`);
      lane.timedOut(this);
    });
    lane.send(this);
  }

  answered(response: unknown): void {
    if (this.#settle()) this.#call.answered(response);
  }

  failed(kind: ChannelErrorKind, message: string, cause?: unknown): void {
    if (this.#settle()) this.#call.reject(new ChannelError(kind, this.#call.brokerId, message, cause));
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#timer?.cancel();
    this.#call.options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
