import { createServer, type Server, type Socket } from 'node:net';
import { type AnyApi, ApiVersions, decodeRequestHeader, encodeResponse, joinFrame, Reader } from '@ks/protocol';
import type { BrokerImage, ClusterImage } from '../core/metadata/image.ts';
import { emptyClusterImage } from '../core/metadata/image.ts';

/** A request as the peer read it, and its socket to answer on. */
export interface PeerRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly body: unknown;
  readonly socket: Socket;
  answer(body: unknown): void;
}

export interface PeerOptions {
  /** What it says it serves, by API key; undefined: it never answers ApiVersions. */
  readonly versions: ReadonlyMap<number, { readonly min: number; readonly max: number }> | undefined;
  readonly apis: readonly AnyApi[];
  readonly handle: (request: PeerRequest) => void;
  readonly connected?: (socket: Socket) => void;
}

/** Something on a real socket that may be a broker. */
export class ChannelPeer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(options: PeerOptions): Promise<ChannelPeer> {
    const server = createServer((socket) => {
      peer.connections += 1;
      peer.#sockets.add(socket);
      socket.on('close', () => peer.#sockets.delete(socket)).on('error', () => undefined);
      options.connected?.(socket);
      serve(socket, options);
    });
    const peer = new ChannelPeer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function serve(socket: Socket, { versions, apis, handle }: PeerOptions): void {
  let received = Buffer.alloc(0);
  const known = new Map([ApiVersions, ...apis].map((api) => [api.key, api] as const));
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const frame = received.subarray(4, 4 + received.readInt32BE(0));
      received = received.subarray(4 + frame.length);
      const reader = new Reader(frame);
      const head = decodeRequestHeader(reader, (key) => known.get(key));
      const api: AnyApi = known.get(head.apiKey) ?? ApiVersions;
      const answer = (body: unknown): void => {
        socket.write(joinFrame(encodeResponse(api, head.apiVersion, head.correlationId, body)));
      };
      if (head.apiKey !== ApiVersions.key) {
        handle({ ...head, body: api.request.codec(head.apiVersion).decode(reader), socket, answer });
      } else if (versions !== undefined) {
        const apiKeys = [...versions].map(([apiKey, { min, max }]) => ({ apiKey, minVersion: min, maxVersion: max }));
        answer({ errorCode: 0, apiKeys });
      }
    }
  });
}

/** An image with brokers that have one endpoint each. */
export function imageOfPeers(
  peers: readonly { readonly brokerId: number; readonly port: number; readonly brokerEpoch?: number }[],
  listenerName = 'INTERNAL',
): ClusterImage {
  const brokers = peers.map(({ brokerId, port, brokerEpoch = 1 }): readonly [number, BrokerImage] => [
    brokerId,
    {
      ...{
        brokerId,
        brokerEpoch,
        fenced: false,
        inControlledShutdown: false,
        rack: null,
        host: 'h',
        uncleanBirth: false,
      },
      endpoints: [{ listenerName, host: '127.0.0.1', port }],
    },
  ]);
  return { ...emptyClusterImage, brokers: new Map(brokers) };
}
