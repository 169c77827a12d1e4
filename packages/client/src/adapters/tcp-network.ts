import net from 'node:net';
import type { Network, Socket } from '../ports/network.ts';

/** Plain TCP. Bytes land where the owner says, without a copy in between. */
export const tcpNetwork: Network = {
  connect(address, timeoutMs, events) {
    return new Promise((resolve, reject) => {
      let failure: Error | undefined;
      const socket = net.connect({
        host: address.host,
        port: address.port,
        noDelay: true,
        keepAlive: true,
        onread: {
          buffer: () => events.nextView(),
          callback: (length) => {
            events.received(length);
            return true;
          },
        },
      });
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      socket.once('error', (error) => {
        failure = error;
      });
      const refused = () => {
        clearTimeout(timer);
        reject(failure ?? new Error('the connection was closed'));
      };
      socket.once('close', refused);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('close', refused);
        socket.once('close', () => events.closed(failure));
        resolve(socketOf(socket));
      });
    });
  },
};

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
