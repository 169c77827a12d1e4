import { ApiVersions, encodeRequest, Fetch, joinFrame, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { type Handler, handler } from '../handlers/handler.ts';
import { SimClient, type SimServer, startSimServer } from './server.test-support.ts';

const apiVersions = handler(ApiVersions, { versions: [0, 5] }, () => ({
  errorCode: 0,
  apiKeys: Array.from({ length: 80 }, (_, apiKey) => ({ apiKey, minVersion: 0, maxVersion: 9 })),
}));
const produce = handler(Produce, { versions: [3, 13], borrowsBytes: true }, () => ({ responses: [] }));
const fetch = handler(Fetch, { versions: [4, 12], inFlightMax: 4 }, (_broker, { minBytes }) => {
  const records = {
    kind: 'memory',
    sizeBytes: minBytes,
    views: [new Uint8Array(minBytes)],
    release: () => undefined,
  } as const;
  return { responses: [{ topic: 't', partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 0, records }] }] };
});
const handlers: readonly Handler[] = [apiVersions, produce, fetch];

const header = { correlationId: 1, clientId: 'c' };
const produceBytes = (sizeBytes: number): Uint8Array => {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: new Uint8Array(sizeBytes) }] }];
  return joinFrame(encodeRequest(Produce, 9, header, { acks: 1, timeoutMs: 1, topicData }));
};
const fetchBytes = (sizeBytes: number): Uint8Array =>
  joinFrame(encodeRequest(Fetch, 11, header, { maxWaitMs: 1, minBytes: sizeBytes, topics: [] }));
const hello = joinFrame(encodeRequest(ApiVersions, 0, header, {}));

const reasons = (sim: SimServer): readonly unknown[] => sim.lines.map(({ fields }) => fields['reason']);

describe('a server whose memory is scarce', () => {
  test('ends those whose requests come byte by byte, not those that are slow, and serves who waits', async () => {
    const limits = { queuedBytesMax: 1_000_000, stalledMs: 5000 };
    const sim = await startSimServer({ seed: 1, handlers, limits });
    const request = produceBytes(900_000);
    const send = (client: SimClient, from: number, count: number): number => {
      if (!client.isClosed) client.socket.send(request.subarray(from, from + count));
      return from + count;
    };
    const slow = new SimClient(sim);
    let slowAt = send(slow, 0, 300_000);
    const dripping = Array.from({ length: 3 }, () => new SimClient(sim));
    let dripAt = 0;
    for (const client of dripping) dripAt = send(client, 0, 600_000);
    await sim.clock.advance(100);
    const honest = new SimClient(sim);
    honest.socket.send(request);
    for (let round = 0; round < 100 && slow.frames.length === 0; round++) {
      await sim.clock.advance(500);
      for (const client of dripping) send(client, dripAt, 1);
      dripAt += 1;
      slowAt = send(slow, slowAt, 10_000);
    }
    expect(honest.frames.length).toBe(1);
    expect(slow.frames.length).toBe(1);
    expect(dripping.map(({ isClosed }) => isClosed)).toContain(true);
    expect(reasons(sim)).toContain('It holds memory for a request that does not go on');
  });

  test('is not stopped by a crowd that holds half a request each', async () => {
    const sim = await startSimServer({ seed: 1, handlers, limits: { queuedBytesMax: 1_000_000, stalledMs: 5000 } });
    const request = produceBytes(900_000);
    const crowd = Array.from({ length: 100 }, () => new SimClient(sim));
    for (const { socket } of crowd) socket.send(request.subarray(0, 300_000));
    await sim.clock.advance(1000);
    let honest: SimClient | undefined;
    let waitedMs = 0;
    for (; (honest?.frames.length ?? 0) === 0 && waitedMs < 60_000; waitedMs += 500) {
      if (honest === undefined || honest.isClosed) {
        honest = new SimClient(sim);
        honest.socket.send(request);
      }
      await sim.clock.advance(500);
      for (const { socket, isClosed } of crowd) if (!isClosed) socket.send(Uint8Array.of(0));
    }
    expect(waitedMs).toBeLessThan(15_000);
  });

  test('ends those of a crowd before who has been served before, though that one has waited longer', async () => {
    const sim = await startSimServer({ seed: 1, handlers, limits: { queuedBytesMax: 1_000_000, stalledMs: 5000 } });
    const known = new SimClient(sim);
    known.socket.send(hello);
    await sim.clock.advance(100);
    const request = produceBytes(900_000);
    const half = request.subarray(0, 300_000);
    const crowd = Array.from({ length: 100 }, () => new SimClient(sim));
    for (const { socket } of crowd.slice(0, 10)) socket.send(half);
    await sim.clock.advance(10);
    known.socket.send(request);
    await sim.clock.advance(10);
    for (const { socket } of crowd.slice(10)) socket.send(half);
    for (let waitedMs = 0; known.frames.length < 2 && waitedMs < 60_000; waitedMs += 500) await sim.clock.advance(500);
    expect([known.isClosed, known.frames.length]).toEqual([false, 2]);
  });

  test('ends who keeps a whole request waiting because it does not take its answers', async () => {
    const limits = { queuedBytesMax: 1_000_000, stalledMs: 5000, slowReaderMs: 600_000, unsentBytesMax: 100_000 };
    const sim = await startSimServer({ seed: 1, handlers, limits });
    const deaf = Array.from({ length: 3 }, () => new SimClient(sim));
    for (const { socket } of deaf) {
      socket.pause();
      socket.send(fetchBytes(3_000_000));
      socket.send(produceBytes(700_000));
    }
    await sim.clock.advance(1000);
    const honest = new SimClient(sim);
    honest.socket.send(produceBytes(900_000));
    await sim.clock.advance(20_000);
    expect(honest.frames.length).toBe(1);
    expect(reasons(sim)).toContain('It holds memory for a request that does not go on');
  });

  test('bounds the answers that nobody takes over all connections, and hurries who takes none', async () => {
    const unsentInAllMax = 200_000;
    const limits = { unsentInAllMax, stalledMs: 5000, slowReaderMs: 600_000 };
    const sim = await startSimServer({ seed: 1, handlers, limits });
    const many = new Uint8Array(hello.length * 20_000);
    for (let at = 0; at < many.length; at += hello.length) many.set(hello, at);
    const deaf = Array.from({ length: 20 }, () => new SimClient(sim));
    for (const { socket } of deaf) {
      socket.pause();
      socket.send(many);
    }
    const honest = new SimClient(sim);
    let unsentMax = 0;
    for (let round = 0; round < 100; round++) {
      await sim.clock.advance(100);
      honest.socket.send(hello);
      unsentMax = Math.max(unsentMax, sim.server.unsentBytes);
    }
    await sim.clock.advance(1000);
    expect(honest.frames.length).toBe(100);
    // One connection may reach its own bound in the turn in which all together reach theirs.
    expect(unsentMax).toBeGreaterThan(unsentInAllMax);
    expect(unsentMax).toBeLessThan(unsentInAllMax + 2 * 1_048_576 + deaf.length * 32_768);
    expect(new Set(reasons(sim))).toEqual(new Set(['It does not take its responses']));
    for (const { socket } of deaf) socket.close();
    await sim.clock.advance(1000);
    expect(sim.server.unsentBytes).toBe(0);
  });

  test('while the log is full the broker looks once for all who wait, and then admits them all', async () => {
    let isFull = false;
    let looks = 0;
    const sim = await startSimServer({
      ...{ seed: 1, handlers },
      isFull: () => {
        looks += 1;
        return isFull;
      },
    });
    const clients = Array.from({ length: 200 }, () => new SimClient(sim));
    await sim.clock.advance(10);
    isFull = true;
    for (const { socket } of clients) socket.send(hello);
    await sim.clock.advance(100);
    looks = 0;
    await sim.clock.advance(1000);
    expect(looks).toBeLessThanOrEqual(500);
    expect(clients.every(({ frames }) => frames.length === 0)).toBe(true);
    isFull = false;
    await sim.clock.advance(100);
    expect(clients.every(({ frames }) => frames.length === 1)).toBe(true);
  });

  test('a thousand clients that talk nonsense make few lines, which count all of them', async () => {
    const sim = await startSimServer({ seed: 1, handlers });
    for (let round = 0; round < 10; round++) {
      const clients = Array.from({ length: 100 }, () => new SimClient(sim));
      for (const { socket } of clients) socket.send(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
      await sim.clock.advance(300);
      expect(clients.every(({ isClosed }) => isClosed)).toBe(true);
    }
    await sim.clock.advance(2000);
    const single = sim.lines.filter(({ message }) => message === 'Closed a connection');
    const summed = sim.lines.filter(({ message }) => message === 'Closed more connections');
    expect(single.length).toBeLessThanOrEqual(100);
    expect(summed.reduce((sum, { fields }) => sum + Number(fields['count']), single.length)).toBe(1000);
    expect(sim.server.traffic.closedConnections.get('refused-request')).toBe(1000);
  });
});
