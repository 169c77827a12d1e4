import type { Api } from '@ks/protocol';
import { requestBytes, TestClient } from '../server/test-client.ts';

/** One request on a connection of its own, in the newest version unless another is given. */
export async function ask<ReqIn, ReqOut, ResIn, ResOut>(
  port: number,
  api: Api<ReqIn, ReqOut, ResIn, ResOut>,
  body: ReqIn,
  version = api.versions.max,
): Promise<ResOut> {
  const client = await TestClient.connect(port);
  try {
    client.send(requestBytes(api as Api<ReqIn, unknown, never, unknown>, version, 1, body));
    return (await client.response(api as Api<never, unknown, never, ResOut>, version)).body;
  } finally {
    client.destroy();
  }
}

/** Asks again and again until there is an answer. The test's own time bounds it. */
export async function until<T>(attempt: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await attempt();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
