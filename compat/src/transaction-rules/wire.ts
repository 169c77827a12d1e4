import { connect, type Socket } from 'node:net';
import { type Api, decodeResponse, encodeRequest, joinFrame } from '@ks/protocol';

/** One connection that speaks the protocol's bytes, so that requests can be sent that no client would. */
export class Wire implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { readonly resolve: (frame: Uint8Array) => void; readonly reject: (error: Error) => void }[] = [];
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#waiting) reject(new Error('the broker has closed the connection'));
    });
  }

  static connect(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Wire(socket)));
    });
  }

  /** Answers come in the order of requests. */
  async ask<In, Out, ResIn, ResOut>(api: Api<In, Out, ResIn, ResOut>, version: number, body: In): Promise<ResOut> {
    this.#correlationId += 1;
    const header = { correlationId: this.#correlationId, clientId: 'rules' };
    const answer = new Promise<Uint8Array>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#socket.write(joinFrame(encodeRequest(api, version, header, body)));
    return decodeResponse(api, version, await answer).body;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const size = this.#received.length < 4 ? undefined : this.#received.readInt32BE(0);
      if (size === undefined || this.#received.length < 4 + size) return;
      this.#waiting.shift()?.resolve(new Uint8Array(this.#received.subarray(4, 4 + size)));
      this.#received = this.#received.subarray(4 + size);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
