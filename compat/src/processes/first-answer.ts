import { createConnection } from 'node:net';

/** ApiVersions v0 with correlation id 7 and no client id. */
const request = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff);

function ask(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on('connect', () => socket.write(request));
    socket.on('error', () => end(false));
    socket.on('close', () => resolve(false));
    socket.once('data', (bytes: Buffer) => end(bytes.length >= 8 && bytes.readInt32BE(4) === 7));
  });
}

/** Waits until a broker answers a Kafka request on the port; rejects after a minute, or at once when `gone()` tells why it ended. */
export async function firstAnswer(port: number, gone: () => string | undefined, host = '127.0.0.1'): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if (await ask(port, host)) return;
    const why = gone();
    if (why !== undefined) throw new Error(`the broker ended before it answered: ${why}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`no answer on port ${port} within a minute`);
}
