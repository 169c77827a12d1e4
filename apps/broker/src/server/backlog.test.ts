import { ApiVersions, encodeRequest, joinFrame } from '@ks/protocol';
import { expect, test } from 'vitest';
import { handler } from '../handlers/handler.ts';
import { SimClock } from '../sim/sim-clock.ts';
import { Backlog } from './backlog.ts';
import { SimClient, startSimServer } from './server.test-support.ts';

const requestOf = (clientId: string): Uint8Array =>
  joinFrame(encodeRequest(ApiVersions, 0, { correlationId: 1, clientId }, {}));

/** So many of one request, one behind the other. */
function many(request: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(request.length * count);
  for (let at = 0; at < bytes.length; at += request.length) bytes.set(request, at);
  return bytes;
}

test('connections that send hundreds of requests at once take turns, and who comes with one waits for a turn of each', async () => {
  const clientsCount = 40;
  const requestsEach = 400;
  const order: (string | null)[] = [];
  const apiVersions = handler(ApiVersions, { versions: [0, 5] }, (_broker, _request, { clientId }) => {
    order.push(clientId);
    return { errorCode: 0, apiKeys: [] };
  });
  const sim = await startSimServer({ seed: 1, handlers: [apiVersions], limits: { inFlightMax: 500 } });
  const clients = Array.from({ length: clientsCount }, () => new SimClient(sim));
  const honest = new SimClient(sim);
  for (const [index, { socket }] of clients.entries()) socket.send(many(requestOf(`c${index}`), requestsEach));
  honest.socket.send(requestOf('honest'));
  await sim.clock.advance(1000);
  expect(order.indexOf('honest')).toBeLessThan(clientsCount * 60);
  expect(honest.frames.length).toBe(1);
  expect(clients.map(({ frames }) => frames.length)).toEqual(clients.map(() => requestsEach));
  // At any moment nobody is far ahead of anybody else that still waits.
  const counts = new Map(clients.map((_, index) => [`c${index}`, 0]));
  for (const [at, clientId] of order.entries()) {
    counts.set(clientId ?? '', (counts.get(clientId ?? '') ?? 0) + 1);
    if (at < clientsCount * 100 || at % 50 > 0) continue;
    const waiting = [...counts.values()].filter((count) => count > 1 && count < requestsEach);
    if (waiting.length > 1) expect(Math.max(...waiting) - Math.min(...waiting)).toBeLessThanOrEqual(60);
  }
});

test('works for a slice of each turn, round and round, and leaves nobody out', async () => {
  const clock = new SimClock();
  let nowMs = 0;
  const left = new Map([
    ['a', 3],
    ['b', 10],
    ['c', 1],
  ]);
  const done: string[] = [];
  let turns = 0;
  const backlog = new Backlog<string>(
    {
      ...{ now: () => clock.now(), wallMs: () => clock.wallMs(), setTimer: () => ({ cancel: () => undefined }) },
      monotonicMs: () => nowMs,
      nextTurn: (callback) =>
        clock.nextTurn(() => {
          turns += 1;
          callback();
        }),
    },
    (name) => {
      nowMs += 1;
      done.push(name);
      left.set(name, (left.get(name) ?? 0) - 1);
      if ((left.get(name) ?? 0) > 0) backlog.add(name);
    },
  );
  for (const name of left.keys()) backlog.add(name);
  await clock.advance(1);
  expect(done.join('')).toBe('abcababbbbbbbb');
  expect(turns).toBe(4);
});
