import { createConnection } from 'node:net';

/** ApiVersions v0 with correlation id 7 and no client id. */
export const apiVersionsRequest = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff);

function ask(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on('connect', () => socket.write(apiVersionsRequest));
    socket.on('error', () => end(false));
    socket.on('close', () => resolve(false));
    socket.once('data', (bytes: Buffer) => end(bytes.length >= 8 && bytes.readInt32BE(4) === 7));
  });
}

/** Waits until a broker answers a Kafka request on the port; throws after `timeoutMs`, or at once when `gone()` says that it ended. */
export async function firstAnswer(port: number, timeoutMs: number, gone: () => boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await ask(port)) return;
    if (gone()) throw new Error('the broker ended before it answered');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`no answer on port ${port} within ${timeoutMs} ms`);
}
