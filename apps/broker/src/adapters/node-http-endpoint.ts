import { createServer, type ServerResponse } from 'node:http';
import type { HttpAnswer, HttpEndpoint } from '../ports/http-endpoint.ts';

const notFound: HttpAnswer = { status: 404, contentType: 'text/plain; charset=utf-8', body: 'not found\n' };
const notAllowed: HttpAnswer = { status: 405, contentType: 'text/plain; charset=utf-8', body: 'GET only\n' };
const failed: HttpAnswer = { status: 500, contentType: 'text/plain; charset=utf-8', body: 'failed\n' };

/** Requests that may be under way; the few who ask are monitoring systems. */
const CONNECTIONS_MAX = 64;
const REQUEST_TIMEOUT_MS = 10_000;

/** `node:http` with tight limits. */
export function createNodeHttpEndpoint(): HttpEndpoint {
  return {
    async serve({ host, port }, answer) {
      const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 }, (request, response) => {
        request.resume();
        if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, notAllowed);
        const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
        answer(path).then(
          (found) => send(response, found ?? notFound),
          () => send(response, failed),
        );
      });
      server.maxConnections = CONNECTIONS_MAX;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
          server.removeListener('error', reject);
          resolve();
        });
      });
      const address = server.address();
      return {
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
  };
}

function send(response: ServerResponse, { status, contentType, body }: HttpAnswer): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}
