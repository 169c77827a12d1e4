import { connect, type Socket } from 'node:net';
import { type Api, decodeResponse, encodeRequest, joinFrame } from '@ks/protocol';

/** A client of raw bytes, for what well-behaved clients never do. */
export class TestClient {
  readonly socket: Socket;
  #chunks: Buffer = Buffer.alloc(0);
  #waiters: (() => void)[] = [];
  /** Whether the server has ended the connection. */
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks = Buffer.concat([this.#chunks, chunk]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static connect(port: number): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const client = new TestClient(socket);
      socket.once('error', reject);
      socket.once('connect', () => resolve(client));
    });
  }

  send(...bytes: readonly Uint8Array[]): void {
    for (const each of bytes) this.socket.write(each);
  }

  /** The next response frame without its size. Rejects when the connection ends instead. */
  async frame(): Promise<Uint8Array> {
    for (;;) {
      const size = this.#chunks.length >= 4 ? this.#chunks.readInt32BE(0) : undefined;
      if (size !== undefined && this.#chunks.length >= 4 + size) {
        const frame = this.#chunks.subarray(4, 4 + size);
        this.#chunks = this.#chunks.subarray(4 + size);
        return frame;
      }
      if (this.isClosed) throw new Error('the server has closed the connection');
      await this.#change();
    }
  }

  async response<Res>(
    api: Api<never, unknown, never, Res>,
    version: number,
  ): Promise<{ correlationId: number; body: Res }> {
    return decodeResponse(api, version, await this.frame());
  }

  /** Settles when the server has ended the connection. */
  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** A request frame as bytes. */
export function requestBytes<In>(
  api: Api<In, unknown, never, unknown>,
  version: number,
  correlationId: number,
  body: In,
  clientId: string | null = 'test',
): Uint8Array {
  return joinFrame(encodeRequest(api, version, { correlationId, clientId }, body));
}

/** A frame of any bytes, its size in front. */
export function frameOf(...bytes: readonly number[]): Uint8Array {
  const frame = Buffer.alloc(4 + bytes.length);
  frame.writeInt32BE(bytes.length);
  frame.set(bytes, 4);
  return frame;
}
