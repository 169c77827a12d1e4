import { createConnection, createServer, type Socket } from 'node:net';

/** One frame that passed, without its size. */
export interface RecordedFrame {
  readonly direction: 'request' | 'response';
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly bytes: Buffer;
}

/** Passes every byte on unchanged and notes the frames. Brokers must advertise its address, or clients go round it. */
export class RecordingProxy implements AsyncDisposable {
  readonly frames: RecordedFrame[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#accept(client));
  #targetPort = 0;

  /** Listens on the port; connections are refused until `target` names the broker behind. */
  static async listen(port: number): Promise<RecordingProxy> {
    const proxy = new RecordingProxy();
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  target(port: number): void {
    this.#targetPort = port;
  }

  #accept(client: Socket): void {
    const broker = createConnection({ port: this.#targetPort, host: '127.0.0.1' });
    const asked = new Map<number, readonly [apiKey: number, apiVersion: number]>();
    this.#pass(client, broker, (bytes) => {
      const [apiKey, apiVersion] = [bytes.readInt16BE(0), bytes.readInt16BE(2)];
      asked.set(bytes.readInt32BE(4), [apiKey, apiVersion]);
      this.frames.push({ direction: 'request', apiKey, apiVersion, bytes });
    });
    this.#pass(broker, client, (bytes) => {
      const correlationId = bytes.readInt32BE(0);
      const [apiKey, apiVersion] = asked.get(correlationId) ?? [-1, -1];
      asked.delete(correlationId);
      if (apiKey >= 0) this.frames.push({ direction: 'response', apiKey, apiVersion, bytes });
    });
  }

  #pass(from: Socket, to: Socket, note: (frame: Buffer) => void): void {
    this.#sockets.add(from);
    let kept = Buffer.alloc(0);
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      kept = Buffer.concat([kept, chunk]);
      while (kept.length >= 4 && kept.length >= 4 + kept.readInt32BE(0)) {
        const size = kept.readInt32BE(0);
        note(Buffer.from(kept.subarray(4, 4 + size)));
        kept = kept.subarray(4 + size);
      }
    });
    from.on('error', () => to.destroy());
    from.on('end', () => to.end());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
