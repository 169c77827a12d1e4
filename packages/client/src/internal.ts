/** For siblings: the parts that `connect` puts together, so that other networks and clocks can be given to them. */
export { Client } from './client.ts';
export type { ClusterOptions } from './cluster.ts';
export * from './index.ts';
export type { Clock, Timer } from './ports/clock.ts';
export type { Crypto, HashName } from './ports/crypto.ts';
export type { Address, Network, Socket, SocketEvents } from './ports/network.ts';
export type { Random } from './ports/random.ts';
