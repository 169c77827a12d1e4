import type { BrokerAdapters } from './broker-adapters.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { type Health, httpRoutes } from './http-routes.ts';
import type { HttpServing } from './ports/http-endpoint.ts';
import type { ReplicaManager } from './runtime/replica-manager.ts';
import { listenError } from './start-error.ts';

/** Metrics and health over HTTP, where `ks.http.listener` says so. */
export async function serveHttp(
  { httpListener }: BrokerConfig,
  { exposition, http, logger }: BrokerAdapters,
  health: () => Health,
): Promise<HttpServing | undefined> {
  if (httpListener === undefined || exposition === undefined || http === undefined) return undefined;
  const serving = await http.serve(httpListener, httpRoutes(exposition, health)).catch((error: unknown) => {
    throw listenError('ks.http.listener', `http://${httpListener.host}:${httpListener.port}`, error);
  });
  const fields = { host: httpListener.host, port: serving.port };
  logger.info(fields, 'Metrics at /metrics, health at /health and /ready');
  return serving;
}

/** `isServing`: the broker is neither on its way up nor on its way down. */
export function healthOf(replicas: Pick<ReplicaManager, 'logDirectories'>, isServing: boolean): Health {
  const directories = replicas.logDirectories();
  const paths = (isOffline: boolean): string[] =>
    directories.filter((directory) => directory.isOffline === isOffline).map(({ path }) => path);
  const onlineLogDirs = paths(false);
  return { isReady: isServing && onlineLogDirs.length > 0, onlineLogDirs, offlineLogDirs: paths(true) };
}
