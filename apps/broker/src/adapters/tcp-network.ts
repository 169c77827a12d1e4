import { connect, createServer, type Server, Socket } from 'node:net';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';

/**
 * How bytes come in. `direct`: sockets read into the view that the connection's owner names, by an undocumented hook of Node
 * (two to four times less CPU); where the hook is missing, `copied` is used. `copied`: Node's own buffers, copied to the view.
 */
export type AcceptMode = 'direct' | 'copied';

export interface TcpNetworkOptions {
  /** Default: `direct` where this Node has it. */
  readonly accept?: AcceptMode;
  /** socket.listen.backlog.size */
  readonly backlog?: number;
}

type Accept = (connection: Connection) => ConnectionEvents;

/** TCP. */
export function createTcpNetwork(options: TcpNetworkOptions = {}): Network {
  return {
    listen: ({ host, port }, accept) => {
      const server = createServer({ noDelay: true }, (socket) => acceptCopied(socket, accept));
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        const address = { port, backlog: options.backlog ?? 511, ...(host === '' ? {} : { host }) };
        server.listen(address, () => {
          server.off('error', reject);
          // A connection that could not be accepted is the client's loss, not the broker's end.
          server.on('error', () => undefined);
          if (options.accept !== 'copied') hookAccept(server, accept);
          resolve(listeningOf(server));
        });
      });
    },
    connect: ({ host, port }, open, signal) =>
      connectTo({ host: host === '' ? 'localhost' : host, port }, open, signal),
  };
}

function connectTo(
  address: { readonly host: string; readonly port: number },
  open: (connection: Connection) => ConnectionEvents,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const reading = readIntoOwner();
    const socket = connect({ ...address, noDelay: true, onread: reading.onread });
    const abort = (): void => void socket.destroy(asError(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      const events = open(connectionOf(socket, () => void socket.resume()));
      reading.own(events);
      watch(socket, events);
      resolve();
    });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function listeningOf(server: Server): Listening {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return {
    host: address.address,
    port: address.port,
    close: () => {
      server.close();
      // Does not wait for connections: those belong to their owner, and hooked ones are unknown to the server anyway.
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Node's handle of a listening socket, as far as the hook needs it. */
interface ListenHandle {
  onconnection: (error: number, client: unknown) => void;
}

function isListenHandle(handle: unknown): handle is ListenHandle {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'onconnection' in handle &&
    typeof handle.onconnection === 'function'
  );
}

/** Whether this Node lets accepted sockets read into given memory. */
function hookAccept(server: Server, accept: Accept): void {
  const handle: unknown = Reflect.get(server, '_handle');
  if (!isListenHandle(handle)) return;
  handle.onconnection = (error, client) => {
    if (error === 0 && client !== undefined) acceptDirect(client, accept);
  };
}

/** The socket as the port's connection. */
function connectionOf(socket: Socket, resume: () => void): Connection {
  return {
    remoteAddress: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    remotePort: socket.remotePort ?? 0,
    write: (views, sent) => writeAll(socket, views, sent),
    pause: () => void socket.pause(),
    resume,
    end: () => void socket.end(),
    destroy: (error) => void socket.destroy(error),
  };
}

function writeAll(socket: Socket, views: readonly Uint8Array[], sent: (error?: Error) => void): boolean {
  const done = (error?: Error | null): void => sent(error ?? undefined);
  const last = views.length - 1;
  if (last === 0) return socket.write(views[0] as Uint8Array, done);
  if (last < 0) return socket.write(new Uint8Array(0), done);
  socket.cork();
  for (let index = 0; index < last; index++) socket.write(views[index] as Uint8Array);
  const hasRoom = socket.write(views[last] as Uint8Array, done);
  socket.uncork();
  return hasRoom;
}

function watch(socket: Socket, events: ConnectionEvents): void {
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('drain', () => events.drained());
  socket.on('close', () => events.closed(failure));
}

/** The first bytes of every socket land here: it must be told where before anybody owns the connection. */
const firstLanding = new Uint8Array(65_536);

/** Node's reading into given memory, for an owner who comes when the socket is there. */
function readIntoOwner(): {
  readonly onread: { buffer(): Uint8Array; callback(length: number): boolean };
  own(owner: ConnectionEvents): void;
} {
  let events: ConnectionEvents | undefined;
  let isFirst = true;
  const onread = {
    buffer: (): Uint8Array => (isFirst || events === undefined ? firstLanding : events.nextView()),
    callback: (length: number): boolean => {
      if (events === undefined) return true;
      if (isFirst) {
        isFirst = false;
        deliver(firstLanding.subarray(0, length), events, () => false);
      } else events.received(length);
      return true;
    },
  };
  return {
    onread,
    own: (owner) => {
      events = owner;
    },
  };
}

function acceptDirect(handle: unknown, accept: Accept): void {
  const reading = readIntoOwner();
  // The constructor's `handle` and `onread` together are what net.connect() uses itself; their types only allow the latter.
  const options: object = { handle, onread: reading.onread, allowHalfOpen: false };
  const socket = new Socket(options);
  socket.setNoDelay(true);
  const connection = connectionOf(socket, () => void socket.resume());
  const events = accept(connection);
  reading.own(events);
  watch(socket, events);
  if (!socket.destroyed) socket.resume();
}

/** Copies bytes to where the owner wants them, until it has them all or `isStopped`; returns how many it took. */
function deliver(bytes: Uint8Array, events: ConnectionEvents, isStopped: () => boolean): number {
  let at = 0;
  while (at < bytes.length && !isStopped()) {
    const view = events.nextView();
    const count = Math.min(view.length, bytes.length - at);
    view.set(bytes.subarray(at, at + count));
    events.received(count);
    at += count;
  }
  return at;
}

function acceptCopied(socket: Socket, accept: Accept): void {
  /** Bytes that arrived but came when the owner had paused. */
  let held: Uint8Array | undefined;
  let isPaused = false;
  const isStopped = (): boolean => isPaused || socket.destroyed;
  const flow = (): void => {
    if (isStopped()) return;
    const bytes = held;
    held = undefined;
    if (bytes !== undefined) take(bytes);
    if (!isStopped()) socket.resume();
  };
  const connection: Connection = {
    ...connectionOf(socket, () => {
      isPaused = false;
      // Not from within the owner's call: what is held comes as an event of its own.
      setImmediate(flow);
    }),
    pause: () => {
      isPaused = true;
      socket.pause();
    },
  };
  const events = accept(connection);
  const take = (bytes: Uint8Array): void => {
    const count = deliver(bytes, events, isStopped);
    if (count < bytes.length) held = bytes.subarray(count);
  };
  watch(socket, events);
  socket.on('data', take);
}
