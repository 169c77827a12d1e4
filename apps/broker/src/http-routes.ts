import type { HttpAnswer } from './ports/http-endpoint.ts';
import type { MetricsExposition } from './ports/metrics.ts';

/** How the broker is, for load balancers and supervisors. */
export interface Health {
  /** Clients are served. */
  readonly isReady: boolean;
  /** The data directories that serve, and those that failed. */
  readonly onlineLogDirs: readonly string[];
  readonly offlineLogDirs: readonly string[];
}

const json = 'application/json; charset=utf-8';

/**
 * `/metrics` for Prometheus; `/health`: 200 while the process can do its work, 503 when every data directory has failed and only a restart
 * helps; `/ready`: 200 while clients are served, 503 before that and while it stops.
 */
export function httpRoutes(
  exposition: MetricsExposition,
  health: () => Health,
): (path: string) => Promise<HttpAnswer | undefined> {
  return async (path) => {
    if (path === '/metrics') {
      return { status: 200, contentType: exposition.contentType, body: await exposition.text() };
    }
    if (path !== '/health' && path !== '/ready') return undefined;
    const state = health();
    const isWell = path === '/ready' ? state.isReady : state.onlineLogDirs.length > 0;
    const body = { status: isWell ? 'ok' : 'unavailable', ...state };
    return { status: isWell ? 200 : 503, contentType: json, body: `${JSON.stringify(body)}\n` };
  };
}
