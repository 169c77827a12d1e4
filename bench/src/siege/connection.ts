import { connect, type Socket } from 'node:net';
import { type Api, decodeResponse, encodeRequest, joinFrame } from '@ks/protocol';

/** A request as bytes on the wire. */
export function requestBytes<Req>(api: Api<Req, unknown, never, unknown>, version: number, body: Req): Uint8Array {
  return joinFrame(encodeRequest(api, version, { correlationId: 1, clientId: 'siege' }, body));
}

/** Opens a socket; rejects where that fails. */
export function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** A client with one request under way at a time. */
export class HonestClient {
  readonly #port: number;
  #socket: Socket | undefined;
  /** How often it had to connect again. */
  reconnects = -1;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request and waits for its response; throws where the connection ends or nothing comes for `timeoutMs`. */
  async ask<Res>(api: Api<never, unknown, never, Res>, version: number, request: Uint8Array, timeoutMs = 30_000) {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise<Res>((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        socket.off('data', take);
        socket.off('close', lost);
        if (error === undefined) return;
        this.close();
        reject(error);
      };
      const timer = setTimeout(() => end(new Error(`no answer to ${api.name} for ${timeoutMs} ms`)), timeoutMs);
      const lost = (): void => end(new Error(`the connection was closed during ${api.name}`));
      const take = (chunk: Buffer): void => {
        chunks.push(chunk);
        length += chunk.length;
        if (length < 4) return;
        const all = Buffer.concat(chunks);
        if (length < 4 + all.readInt32BE(0)) return;
        end();
        resolve(decodeResponse(api, version, all.subarray(4)).body);
      };
      socket.on('data', take);
      socket.on('close', lost);
      socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect(): Promise<Socket> {
    this.reconnects += 1;
    return dial(this.#port);
  }
}
