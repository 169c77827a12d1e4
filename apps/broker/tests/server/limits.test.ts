import { afterEach, describe, expect, test } from 'vitest';
import { unlimitedConnections } from '../../src/server/connection-gate.ts';
import { requestBytes, TestClient } from './test-client.ts';
import {
  Fetch,
  gate,
  Heartbeat,
  patternAt,
  Produce,
  startServer,
  type Source,
  type TestServer,
  until,
} from './test-server.ts';

const heartbeat = (id: number, memberId = 'm') =>
  requestBytes(Heartbeat, 4, id, { groupId: 'g', generationId: id, memberId });

const fetchRequest = (id: number, source: Source, sizeBytes: number) =>
  requestBytes(Fetch, 11, id, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ topic: source, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: sizeBytes }] }],
  });

const produceRequest = (id: number, sizeBytes: number) =>
  requestBytes(Produce, 9, id, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: 't', partitionData: [{ index: 0, records: new Uint8Array(sizeBytes) }] }],
  });

describe.each(['direct', 'copied'] as const)('limits (%s)', (accept) => {
  const servers: TestServer[] = [];
  const clients: TestClient[] = [];
  const start: typeof startServer = async (mode, limits) => {
    const server = await startServer(mode, limits);
    servers.push(server);
    return server;
  };
  const connect = async (server: TestServer): Promise<TestClient> => {
    const client = await TestClient.connect(server.port);
    clients.push(client);
    return client;
  };
  const expectServed = async (client: TestClient, id = 99): Promise<void> => {
    client.send(heartbeat(id));
    expect((await client.response(Heartbeat, 4)).body.errorCode).toBe(id);
  };

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  });

  test('an idle connection is closed, a busy or waiting one is not', async () => {
    const server = await start(accept, { idleMs: 1500 });
    const waiting = await connect(server);
    server.script.gates.set('park', gate());
    waiting.send(heartbeat(1, 'park'));
    const idle = await connect(server);
    await expectServed(idle);
    const busy = await connect(server);
    while (!idle.isClosed) {
      await expectServed(busy);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(waiting.isClosed).toBe(false);
    expect(server.lines.map(({ fields }) => fields['reason'])).toEqual(['It was idle']);
  });

  test('half a request is idle too, and holds no more memory than came', async () => {
    const server = await start(accept, { idleMs: 500 });
    const client = await connect(server);
    client.send(Buffer.from([0x06, 0x00, 0x00, 0x00, 0, 0, 0, 9]));
    await until(() => server.server.requestBytes > 0);
    expect(server.server.requestBytes).toBeLessThanOrEqual(16_384);
    await client.closed();
    await until(() => server.server.connectionCount === 0);
    expect(server.server.requestBytes).toBe(0);
  });

  test('a request that comes byte by byte is served at last, and nobody waits for it', async () => {
    const server = await start(accept);
    const slow = await connect(server);
    const bystander = await connect(server);
    for (const byte of heartbeat(5)) {
      slow.send(Uint8Array.of(byte));
      await expectServed(bystander);
    }
    expect((await slow.response(Heartbeat, 4)).body.errorCode).toBe(5);
  });

  test('max.connections: those beyond are closed at once, the others live', async () => {
    const server = await start(accept, { connectionsMax: 2 });
    const first = await connect(server);
    const second = await connect(server);
    await expectServed(first);
    await expectServed(second);
    const third = await connect(server);
    await third.closed();
    await expectServed(first);
    first.destroy();
    await until(() => server.server.connectionCount === 1);
    await expectServed(await connect(server));
  });

  test('max.connections.per.ip', async () => {
    const server = await start(accept, { connectionsPerIpMax: 1 });
    const first = await connect(server);
    await expectServed(first);
    await (await connect(server)).closed();
    await expectServed(first);
  });

  test('both may change while connections are open', async () => {
    const server = await start(accept, { connectionsMax: 1 });
    const first = await connect(server);
    await (await connect(server)).closed();
    server.server.limitConnections({ ...unlimitedConnections, connectionsMax: 5, connectionsPerIpMax: 2 });
    await expectServed(await connect(server));
    await (await connect(server)).closed();
    server.server.limitConnections({ ...unlimitedConnections, connectionsMax: 0 });
    await expectServed(first);
  });

  test('queued.max.requests: further requests wait unread until some are answered', async () => {
    const server = await start(accept, { inFlightMax: 3 });
    const client = await connect(server);
    const parked = gate();
    server.script.gates.set('park', parked);
    client.send(Buffer.concat([1, 2, 3, 4, 5].map((id) => heartbeat(id, id < 4 ? 'park' : 'm'))));
    await until(() => server.script.admitted.length >= 3);
    await expectServed(await connect(server));
    expect(server.script.admitted).toEqual([1, 2, 3, 99]);
    parked.open();
    for (const id of [1, 2, 3, 4, 5]) expect((await client.response(Heartbeat, 4)).correlationId).toBe(id);
  });

  test.each(['memory', 'file'] as const)('records from %s arrive whole and are released once', async (source) => {
    const server = await start(accept);
    const client = await connect(server);
    const sizes = [0, 1, 2000, 262_143, 262_144, 262_145, 3_000_000];
    client.send(Buffer.concat(sizes.map((size, id) => fetchRequest(id, source, size))));
    for (const [id, size] of sizes.entries()) {
      const { correlationId, body } = await client.response(Fetch, 11);
      expect(correlationId).toBe(id);
      const records = body.responses[0]?.partitions[0]?.records;
      expect(records?.length).toBe(size);
      expect(records?.every((byte, at) => byte === patternAt(at))).toBe(true);
    }
    await until(() => server.script.held === 0);
    expect(server.script.released).toBe(sizes.length);
  });

  test('a file that can no longer be read ends the connection, its parts are released', async () => {
    const server = await start(accept);
    const client = await connect(server);
    client.send(Buffer.concat([fetchRequest(1, 'broken-file', 1_000_000), fetchRequest(2, 'memory', 1000)]));
    await client.closed();
    await until(() => server.script.held === 0);
    await expectServed(await connect(server));
  });

  test('a slow reader pins little, is closed, and delays nobody', async () => {
    const server = await start(accept, { slowReaderMs: 1000 });
    const slow = await connect(server);
    const bystander = await connect(server);
    slow.socket.pause();
    // Far more than any socket buffers.
    slow.send(Buffer.concat(Array.from({ length: 200 }, (_, id) => fetchRequest(id, 'memory', 1_000_000))));
    await until(() => server.script.held > 0);
    let heldMax = 0;
    while (server.server.connectionCount === 2) {
      heldMax = Math.max(heldMax, server.script.held);
      await expectServed(bystander);
    }
    // inFlightMax of Fetch bounds what one connection can have asked for.
    expect(heldMax).toBeLessThanOrEqual(5);
    expect(server.script.held).toBe(0);
    expect(server.lines.map(({ fields }) => fields['reason'])).toEqual(['It does not take its responses']);
  });

  test('queued.max.request.bytes: large requests wait for each other and all get through', async () => {
    const server = await start(accept, { queuedBytesMax: 1_000_000 });
    const bystander = await connect(server);
    const large = await Promise.all(Array.from({ length: 10 }, () => connect(server)));
    // All are half there before any is whole.
    const request = produceRequest(1, 900_000);
    for (const client of large) client.send(request.subarray(0, 500_000));
    await expectServed(bystander);
    for (const client of large) client.send(request.subarray(500_000));
    await expectServed(bystander);
    for (const client of large) {
      const { body } = await client.response(Produce, 9);
      expect(body.responses[0]?.partitionResponses[0]?.baseOffset).toBe(900_000);
    }
    expect(server.server.requestBytes).toBe(0);
  });

  test('who holds memory for a request that does not go on loses it to those who wait', async () => {
    const server = await start(accept, { queuedBytesMax: 1_000_000, stalledMs: 100 });
    const request = produceRequest(1, 900_000);
    const stalled = await Promise.all(Array.from({ length: 4 }, () => connect(server)));
    for (const client of stalled) client.send(request.subarray(0, 600_000));
    await until(() => server.server.requestBytes > 1_000_000);
    const honest = await connect(server);
    honest.send(request);
    expect((await honest.response(Produce, 9)).correlationId).toBe(1);
  });

  test('while the log is full nothing is admitted, and nothing is lost', async () => {
    const server = await start(accept);
    const client = await connect(server);
    await expectServed(client, 1);
    server.isFull = true;
    client.send(heartbeat(2), heartbeat(3));
    await until(() => server.server.requestBytes > 0);
    expect(server.script.admitted).toEqual([1]);
    server.isFull = false;
    for (const id of [2, 3]) expect((await client.response(Heartbeat, 4)).correlationId).toBe(id);
  });

  test('a graceful stop answers what is under way and takes in nothing more', async () => {
    const server = await start(accept);
    const client = await connect(server);
    const idle = await connect(server);
    await expectServed(idle);
    const parked = gate();
    server.script.gates.set('park', parked);
    client.send(heartbeat(1, 'park'), heartbeat(2, 'park'));
    await until(() => server.script.admitted.length === 3);
    await server.server.quiesce();
    await idle.closed();
    await expect(TestClient.connect(server.port)).rejects.toThrow('ECONNREFUSED');
    client.send(heartbeat(3));
    const settled = server.server.settle(60_000);
    parked.open();
    for (const id of [1, 2]) expect((await client.response(Heartbeat, 4)).correlationId).toBe(id);
    await client.closed();
    await settled;
    expect(server.script.admitted).toEqual([99, 1, 2]);
  });

  test('a stop does not wait for ever for a parked request', async () => {
    const server = await start(accept);
    const client = await connect(server);
    server.script.gates.set('park', gate());
    client.send(heartbeat(1, 'park'));
    await until(() => server.script.admitted.length === 1);
    await server.server.quiesce();
    await server.server.settle(50);
    server.server.close();
    await client.closed();
    await until(() => server.script.aborted === 1);
  });
});
