import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiVersions } from '@ks/protocol';
import { fetch, produce } from './batches.ts';
import { dial, requestBytes } from './connection.ts';

/** What became of an attack. */
export type Tally = Record<string, number>;

/** Does harm until `signal`, and counts. */
export type Attack = (port: number, size: number, signal: AbortSignal) => Promise<Tally>;

const partitions = 4;
const hello = requestBytes(ApiVersions, 0, {});

/** Opens `count` connections, a hundred at a time, and keeps each. Refused ones are counted. */
async function crowd(
  port: number,
  count: number,
  signal: AbortSignal,
  each: (socket: Socket, index: number, tally: Tally) => void,
): Promise<Tally> {
  const tally: Tally = { open: 0, closedByBroker: 0, failed: 0 };
  const bump = (name: string): void => {
    tally[name] = (tally[name] ?? 0) + 1;
  };
  const sockets: Socket[] = [];
  const open = async (index: number): Promise<void> => {
    const socket = await dial(port).catch(() => undefined);
    if (socket === undefined) return bump('failed');
    bump('open');
    socket.on('close', () => bump('closedByBroker'));
    sockets.push(socket);
    each(socket, index, tally);
  };
  for (let from = 0; from < count && !signal.aborted; from += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - from) }, (_, at) => open(from + at)));
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  const kept = { ...tally };
  for (const socket of sockets) socket.destroy();
  return kept;
}

/** One connection after the other, `lanes` at a time, each doing one thing. */
async function storm(
  port: number,
  lanes: number,
  signal: AbortSignal,
  each: (socket: Socket) => Promise<unknown>,
): Promise<Tally> {
  let connections = 0;
  let failed = 0;
  const lane = async (): Promise<void> => {
    while (!signal.aborted) {
      const socket = await dial(port).catch(() => undefined);
      if (socket === undefined) {
        failed += 1;
        await pause(10);
        continue;
      }
      connections += 1;
      await each(socket);
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { connections, failed };
}

const answerOrEnd = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('data', () => resolve());
    socket.once('close', () => resolve());
  });

/** A size that promises a megabyte, and the first `sent` bytes of it. */
function beginning(sent: number): Buffer {
  const bytes = Buffer.alloc(sent);
  bytes.writeInt32BE(1_000_000, 0);
  return bytes;
}

export const attacks: Readonly<Record<string, { readonly size: number; readonly run: Attack }>> = {
  /** Three requests of 1 to 10 MB under way on each connection. */
  flood: {
    size: 100,
    run: (port, size, signal) => {
      const requests = [1, 2, 4, 10].flatMap((megabytes) =>
        Array.from({ length: partitions }, (_, index) => produce('flood', index, megabytes * 1_000_000)),
      );
      return crowd(port, size, signal, (socket, index, tally) => {
        let at = index;
        const send = (): void => {
          const request = requests[at % requests.length] as Uint8Array;
          at += 1;
          socket.write(request);
        };
        let received = 0;
        let responseBytes = 0;
        socket.on('data', (chunk: Buffer) => {
          // Every response is as long as the first.
          if (responseBytes === 0) responseBytes = 4 + chunk.readInt32BE(0);
          for (received += chunk.length; received >= responseBytes; received -= responseBytes) {
            tally['answered'] = (tally['answered'] ?? 0) + 1;
            send();
          }
        });
        for (let lane = 0; lane < 3; lane++) send();
      });
    },
  },
  /** Connections that asked once and are silent from then on. */
  idle: { size: 10_000, run: (port, size, signal) => crowd(port, size, signal, (socket) => socket.write(hello)) },
  /** Ask for 50 MB, read a few kilobytes, and take no more. */
  'slow-readers': {
    size: 1000,
    run: (port, size, signal) =>
      crowd(port, size, signal, (socket, index) => {
        socket.once('data', () => socket.pause());
        for (let ask = 0; ask < 3; ask++) socket.write(fetch('flood', index % partitions, 0, 50_000_000));
      }),
  },
  /** Like them, but read a little now and then, so that no time-out ends them. */
  'trickling-readers': {
    size: 1000,
    run: (port, size, signal) =>
      crowd(port, size, signal, (socket, index) => {
        socket.on('data', () => {
          socket.pause();
          setTimeout(() => socket.resume(), 2000);
        });
        for (let ask = 0; ask < 3; ask++) socket.write(fetch('flood', index % partitions, 0, 50_000_000));
      }),
  },
  /** Half a request, and then nothing. */
  'half-frames': {
    size: 2000,
    run: (port, size, signal) => crowd(port, size, signal, (socket) => socket.write(beginning(500_000))),
  },
  /** A third of a request, and then a byte now and then. */
  drip: {
    size: 1000,
    run: (port, size, signal) =>
      crowd(port, size, signal, (socket) => {
        socket.write(beginning(300_000));
        const timer = setInterval(() => socket.write(Uint8Array.of(0)), 1000);
        socket.once('close', () => clearInterval(timer));
      }),
  },
  /** Requests without end, whose answers nobody reads. */
  'deaf-askers': {
    size: 200,
    run: (port, size, signal) =>
      crowd(port, size, signal, (socket) => {
        const many = Buffer.concat(Array.from({ length: 1000 }, () => hello));
        socket.pause();
        const send = (): void => {
          for (let more = true; more && !socket.destroyed; ) more = socket.write(many);
        };
        socket.on('drain', send);
        send();
      }),
  },
  /** Five hundred tiny requests under way on each connection, whose answers are read. */
  pipeliners: {
    size: 1000,
    run: (port, size, signal) => {
      const depth = 500;
      return crowd(port, size, signal, (socket, _index, tally) => {
        const half = Buffer.concat(Array.from({ length: depth / 2 }, () => hello));
        let halfBytes = 0;
        let received = 0;
        socket.on('data', (chunk: Buffer) => {
          // Every response is as long as the first.
          if (halfBytes === 0) halfBytes = (depth / 2) * (4 + chunk.readInt32BE(0));
          for (received += chunk.length; received >= halfBytes; received -= halfBytes) {
            tally['answered'] = (tally['answered'] ?? 0) + depth / 2;
            socket.write(half);
          }
        });
        socket.write(half);
        socket.write(half);
      });
    },
  },
  /** Connects, asks, hears the answer and goes, without end. */
  storm: {
    size: 100,
    run: (port, size, signal) =>
      storm(port, size, signal, (socket) => {
        socket.write(hello);
        return answerOrEnd(socket);
      }),
  },
  /** Connects, talks nonsense, is thrown out, comes again. */
  garbage: {
    size: 100,
    run: (port, size, signal) =>
      storm(port, size, signal, (socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
        return answerOrEnd(socket);
      }),
  },
};
