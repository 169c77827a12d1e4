import { decodeResponse, encodeRequest, Fetch, Heartbeat, joinFrame, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { type Handler, handler } from '../handlers/handler.ts';
import type { Clock } from '../ports/clock.ts';
import { SimClient, seededRandom, startSimServer } from './server.test-support.ts';

interface Seen {
  readonly admitted: number[];
  heldParts: number;
}

/** Handlers that answer at once, later, exclusively later, or with parts of a log; by what the request says. */
function scriptedHandlers(seen: Seen): readonly Handler[] {
  const later = (clock: Clock, delayMs: number) => new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
  const exclusive = new Set<string>();
  const heartbeat = handler(Heartbeat, {}, async ({ clock }, { generationId, memberId, groupId }, context) => {
    expect(exclusive).not.toContain(context.connectionId);
    seen.admitted.push(generationId);
    const delayMs = Number(groupId);
    if (memberId === 'park') await later(clock, delayMs);
    if (memberId === 'exclusive') {
      exclusive.add(context.connectionId);
      await context.exclusive(later(clock, delayMs).finally(() => exclusive.delete(context.connectionId)));
    }
    return { errorCode: generationId % 30_000 };
  });
  const produce = handler(Produce, { versions: [3, 13], borrowsBytes: true }, (_broker, { topicData, timeoutMs }) => {
    seen.admitted.push(timeoutMs);
    const records = topicData[0]?.partitionData[0]?.records ?? new Uint8Array(0);
    const sum = records.reduce((total, byte) => total + byte, 0);
    return { responses: [{ name: 't', partitionResponses: [{ index: 0, errorCode: 0, baseOffset: sum }] }] };
  });
  const fetch = handler(Fetch, { versions: [4, 12], inFlightMax: 3 }, async ({ clock }, { maxWaitMs, minBytes }) => {
    seen.admitted.push(maxWaitMs);
    await later(clock, maxWaitMs % 7);
    const bytes = new Uint8Array(minBytes).fill(maxWaitMs % 251);
    seen.heldParts += 1;
    const release = (): void => {
      seen.heldParts -= 1;
      bytes.fill(0xdd);
    };
    const isFile = maxWaitMs % 2 === 0;
    const read = async (into: Uint8Array, at: number): Promise<void> => {
      await later(clock, 3);
      into.set(bytes.subarray(at, at + into.length));
    };
    const records = isFile
      ? ({ kind: 'file', sizeBytes: minBytes, read, release } as const)
      : ({ kind: 'memory', sizeBytes: minBytes, views: [bytes], release } as const);
    return {
      responses: [{ topic: 't', partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 0, records }] }],
    };
  });
  return [heartbeat, produce, fetch];
}

const request = {
  heartbeat: (id: number, memberId: string, delayMs: number) =>
    joinFrame(
      encodeRequest(
        Heartbeat,
        4,
        { correlationId: id, clientId: 'c' },
        { groupId: `${delayMs}`, generationId: id, memberId },
      ),
    ),
  produce: (id: number, records: Uint8Array) =>
    joinFrame(
      encodeRequest(
        Produce,
        9,
        { correlationId: id, clientId: 'c' },
        { acks: 1, timeoutMs: id, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] },
      ),
    ),
  fetch: (id: number, sizeBytes: number) =>
    joinFrame(
      encodeRequest(
        Fetch,
        11,
        { correlationId: id, clientId: 'c' },
        { maxWaitMs: id, minBytes: sizeBytes, topics: [] },
      ),
    ),
};

/** One request of random kind and what its answer must be. */
function randomRequest(
  id: number,
  random: ReturnType<typeof seededRandom>,
): { bytes: Uint8Array; check: (frame: Uint8Array) => void } {
  const kind = random.int(10);
  if (kind < 3) {
    const records = new Uint8Array(random.int(kind === 0 ? 600_000 : 2000)).fill(1 + random.int(250));
    const sum = records.reduce((total, byte) => total + byte, 0);
    const check = (frame: Uint8Array): void => {
      const { body } = decodeResponse(Produce, 9, frame);
      expect(body.responses[0]?.partitionResponses[0]?.baseOffset).toBe(sum);
    };
    return { bytes: request.produce(id, records), check };
  }
  if (kind < 5) {
    const sizeBytes = random.int(kind === 3 ? 700_000 : 3000);
    const check = (frame: Uint8Array): void => {
      const { records } = decodeResponse(Fetch, 11, frame).body.responses[0]?.partitions[0] ?? {};
      expect(records?.length).toBe(sizeBytes);
      expect(records?.every((byte) => byte === id % 251)).toBe(true);
    };
    return { bytes: request.fetch(id, sizeBytes), check };
  }
  const member = ['now', 'park', 'exclusive'][random.int(3)] ?? 'now';
  const check = (frame: Uint8Array): void => {
    expect(decodeResponse(Heartbeat, 4, frame).body.errorCode).toBe(id % 30_000);
  };
  return { bytes: request.heartbeat(id, member, random.int(40)), check };
}

describe('a server over a simulated network', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'seed %i: every request is admitted once, in order, and answered rightly, in order',
    async (seed) => {
      const random = seededRandom(seed);
      const seen: Seen = { admitted: [], heldParts: 0 };
      const sim = await startSimServer({
        seed,
        handlers: scriptedHandlers(seen),
        limits: { queuedBytesMax: 400_000 + random.int(2_000_000), inFlightMax: 1 + random.int(20) },
        faults: {
          delayMsMax: random.int(5),
          pieceBytesMax: 1 + random.int([40_000, 500_000][seed % 2] ?? 1),
          cutChance: 0,
        },
      });
      const landingBytes = sim.memory.heldBytes;
      const clients = Array.from({ length: 1 + random.int(4) }, (_, index) => {
        const client = new SimClient(sim);
        const requests = Array.from({ length: 25 }, (_each, at) => randomRequest(index * 1000 + at, random));
        for (const { bytes } of requests) client.socket.send(bytes);
        return { client, requests, index };
      });
      const isDone = () => clients.every(({ client, requests }) => client.frames.length === requests.length);
      expect(await sim.clock.runUntil(isDone, 2_000_000)).toBe(true);
      for (const { client, requests, index } of clients) {
        client.frames.forEach((frame, at) => {
          expect(new DataView(frame.buffer, frame.byteOffset).getInt32(0)).toBe(index * 1000 + at);
          requests[at]?.check(frame);
        });
        const own = seen.admitted.filter((id) => Math.floor(id / 1000) === index);
        expect(own).toEqual(requests.map((_, at) => index * 1000 + at));
      }
      await sim.clock.advance(1000);
      expect(seen.heldParts).toBe(0);
      expect(sim.server.requestBytes).toBe(0);
      expect(sim.memory.heldBytes).toBe(landingBytes);
    },
  );

  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'seed %i: cut connections leave nothing behind',
    async (seed) => {
      const random = seededRandom(seed);
      const seen: Seen = { admitted: [], heldParts: 0 };
      const faults = { delayMsMax: 3, pieceBytesMax: 1 + random.int(200_000), cutChance: 200 };
      const sim = await startSimServer({ seed, handlers: scriptedHandlers(seen), faults });
      const landingBytes = sim.memory.heldBytes;
      for (let round = 0; round < 10; round++) {
        const client = new SimClient(sim);
        for (let at = 0; at < 10; at++) client.socket.send(randomRequest(round * 1000 + at, random).bytes);
        if (random.int(3) === 0) client.socket.pause();
        await sim.clock.advance(random.int(50));
        if (random.int(3) === 0) client.socket.close();
      }
      sim.network.cutAll();
      await sim.clock.advance(10_000);
      expect(sim.server.connectionCount).toBe(0);
      expect(seen.heldParts).toBe(0);
      expect(sim.server.requestBytes).toBe(0);
      expect(sim.memory.heldBytes).toBe(landingBytes);
      expect(sim.lines.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  test('a reader that takes nothing for ks.slow.reader.timeout.ms is closed, one that takes a little is not', async () => {
    const seen: Seen = { admitted: [], heldParts: 0 };
    const sim = await startSimServer({ seed: 1, handlers: scriptedHandlers(seen), limits: { slowReaderMs: 30_000 } });
    const dead = new SimClient(sim);
    const slow = new SimClient(sim);
    dead.socket.pause();
    slow.socket.pause();
    for (const client of [dead, slow]) client.socket.send(request.fetch(1, 3_000_000));
    for (let round = 0; round < 12; round++) {
      await sim.clock.advance(20_000);
      slow.socket.resume();
      await sim.clock.advance(0);
      slow.socket.pause();
    }
    expect(dead.isClosed).toBe(true);
    expect(slow.isClosed).toBe(false);
    slow.socket.resume();
    await sim.clock.advance(1000);
    expect(slow.frames.length).toBe(1);
    expect(sim.lines.map(({ fields }) => fields['reason'])).toEqual(['It does not take its responses']);
    expect(seen.heldParts).toBe(0);
  });

  test('an idle connection is closed after connections.max.idle.ms, not before, and never while it waits', async () => {
    const sim = await startSimServer({
      seed: 1,
      handlers: scriptedHandlers({ admitted: [], heldParts: 0 }),
      limits: { idleMs: 60_000 },
    });
    const idle = new SimClient(sim);
    const waiting = new SimClient(sim);
    waiting.socket.send(request.heartbeat(1, 'park', 200_000));
    await sim.clock.advance(59_000);
    idle.socket.send(request.heartbeat(2, 'now', 0));
    await sim.clock.advance(59_000);
    expect(idle.isClosed).toBe(false);
    await sim.clock.advance(3000);
    expect(idle.isClosed).toBe(true);
    await sim.clock.advance(100_000);
    expect(waiting.frames.length).toBe(1);
    expect(waiting.isClosed).toBe(false);
  });

  test('a negative connections.max.idle.ms closes nothing', async () => {
    const handlers = scriptedHandlers({ admitted: [], heldParts: 0 });
    const sim = await startSimServer({ seed: 1, handlers, limits: { idleMs: -1 } });
    const client = new SimClient(sim);
    await sim.clock.advance(100_000_000);
    expect(client.isClosed).toBe(false);
  });
});
