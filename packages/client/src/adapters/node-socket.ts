import type net from 'node:net';
import type { Socket, SocketEvents } from '../ports/network.ts';

/** How Node hands bytes over: they land where the owner says, without a copy in between. */
export function onread(events: SocketEvents): net.OnReadOpts {
  return {
    buffer: () => events.nextView(),
    callback: (length) => {
      events.received(length);
      return true;
    },
  };
}

/** Waits until a socket says that it is `ready`; `closed` of the events is called only after that. `explain` puts errors into words. */
export function opened(
  socket: net.Socket,
  ready: 'connect' | 'secureConnect',
  timeoutMs: number,
  events: SocketEvents,
  explain: (error: Error) => Error = (error) => error,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    socket.once('error', (error) => {
      failure = explain(error);
    });
    const refused = (): void => {
      clearTimeout(timer);
      reject(failure ?? new Error('the connection was closed'));
    };
    socket.once('close', refused);
    socket.once(ready, () => {
      clearTimeout(timer);
      socket.off('close', refused);
      socket.once('close', () => events.closed(failure));
      resolve(socketOf(socket));
    });
  });
}

function socketOf(socket: net.Socket): Socket {
  return {
    write(pieces) {
      if (pieces.length > 1) socket.cork();
      for (const piece of pieces) socket.write(piece);
      if (pieces.length > 1) socket.uncork();
    },
    destroy() {
      socket.destroy();
    },
  };
}
