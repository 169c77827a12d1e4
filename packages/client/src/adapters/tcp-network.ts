import net from 'node:net';
import type { Network } from '../ports/network.ts';
import { onread, opened } from './node-socket.ts';

/** Plain TCP. */
export const tcpNetwork: Network = {
  connect({ host, port }, timeoutMs, events) {
    const socket = net.connect({ host, port, noDelay: true, keepAlive: true, onread: onread(events) });
    return opened(socket, 'connect', timeoutMs, events);
  },
};
