import type { Listener, Listeners } from './config/listeners.ts';
import type { BrokerEndpoint } from './core/metadata/image.ts';
import type { BrokerServer } from './server/broker-server.ts';
import { listenError } from './start-error.ts';

/** Listens on all addresses of the configuration; gives those that were bound, in its order. */
export async function bindListeners(server: BrokerServer, { listeners }: Listeners): Promise<readonly Listener[]> {
  const bound: Listener[] = [];
  for (const listener of listeners) {
    bound.push(
      await server.listen(listener).catch((error: unknown) => {
        throw listenError('listeners', `${listener.name}://${listener.host}:${listener.port}`, error);
      }),
    );
  }
  return bound;
}

/** What clients are told: the configured address, with the bound port for 0 and this machine's name for no host. */
export function advertisedEndpoints(
  { advertised }: Listeners,
  bound: readonly Listener[],
  hostName: string,
): readonly BrokerEndpoint[] {
  return advertised.map(({ name, host, port }) => {
    const own = bound.find((listener) => listener.name === name);
    const isAnyHost = host === '' || host === '0.0.0.0' || host === '::';
    return { listenerName: name, host: isAnyHost ? hostName : host, port: port === 0 ? (own?.port ?? 0) : port };
  });
}
