import { ApiKey } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { frameOf, requestBytes, TestClient } from './test-client.ts';
import { ApiVersions, gate, Heartbeat, Produce, startServer, type TestServer, until } from './test-server.ts';

const heartbeat = (id: number, memberId = 'm') =>
  requestBytes(Heartbeat, 4, id, { groupId: 'g', generationId: id, memberId });

describe.each(['direct', 'copied'] as const)('requests (%s)', (accept) => {
  let server: TestServer;
  const clients: TestClient[] = [];
  const connect = async (): Promise<TestClient> => {
    const client = await TestClient.connect(server.port);
    clients.push(client);
    return client;
  };
  /** Another client is served as if nothing had happened. */
  const expectOthersServed = async (): Promise<void> => {
    const other = await connect();
    other.send(heartbeat(7));
    expect((await other.response(Heartbeat, 4)).body.errorCode).toBe(7);
  };

  beforeEach(async () => {
    server = await startServer(accept);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server[Symbol.asyncDispose]();
  });

  test('ApiVersions tells exactly the registered handlers, in every version', async () => {
    const client = await connect();
    for (const version of [0, 1, 2, 3, 4, 5]) {
      client.send(
        requestBytes(ApiVersions, version, version, {
          clientSoftwareName: 'test-client',
          clientSoftwareVersion: '1.0',
        }),
      );
      const { correlationId, body } = await client.response(ApiVersions, version);
      expect(correlationId).toBe(version);
      expect(body.errorCode).toBe(0);
      expect(body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])).toEqual([
        [ApiKey.Produce, 0, 13],
        [ApiKey.Fetch, 4, 12],
        [ApiKey.Heartbeat, 0, 4],
        [ApiKey.ApiVersions, 0, 5],
      ]);
      // A range that starts at 0 cannot be read by clients of v3.
      const featureNames = body.supportedFeatures.map(({ name }) => name);
      if (version < 4) expect(featureNames).toEqual([]);
      else expect(featureNames).toContain('group.version');
    }
  });

  test('an ApiVersions version from the future gets error 35 in version 0, and the connection lives', async () => {
    const client = await connect();
    client.send(frameOf(0, 18, 0, 99, 0, 0, 0, 42, 0xff, 0xff, 1, 2, 3));
    const { correlationId, body } = await client.response(ApiVersions, 0);
    expect(correlationId).toBe(42);
    expect(body).toMatchObject({ errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 5 }] });
    client.send(heartbeat(1));
    expect((await client.response(Heartbeat, 4)).body.errorCode).toBe(1);
  });

  test('a client software name that is none gets error 42', async () => {
    const client = await connect();
    client.send(requestBytes(ApiVersions, 3, 1, { clientSoftwareName: '-bad', clientSoftwareVersion: '1' }));
    expect((await client.response(ApiVersions, 3)).body.errorCode).toBe(42);
  });

  test('a client that means another cluster is told to bootstrap again', async () => {
    const client = await connect();
    const names = { clientSoftwareName: 'a', clientSoftwareVersion: '1' };
    client.send(requestBytes(ApiVersions, 5, 1, { ...names, clusterId: 'other' }));
    expect((await client.response(ApiVersions, 5)).body.errorCode).toBe(129);
    client.send(requestBytes(ApiVersions, 5, 1, { ...names, clusterId: 'c', nodeId: 1 }));
    expect((await client.response(ApiVersions, 5)).body.errorCode).toBe(0);
  });

  test('pipelined requests are admitted in order and answered in order, whatever completes first', async () => {
    const client = await connect();
    const first = gate();
    const third = gate();
    server.script.gates.set('park-1', first).set('park-3', third);
    client.send(heartbeat(1, 'park-1'), heartbeat(2), heartbeat(3, 'park-3'), heartbeat(4));
    await until(() => server.script.admitted.length === 4);
    expect(server.script.admitted).toEqual([1, 2, 3, 4]);
    third.open();
    first.open();
    for (const id of [1, 2, 3, 4]) {
      const { correlationId, body } = await client.response(Heartbeat, 4);
      expect([correlationId, body.errorCode]).toEqual([id, id]);
    }
  });

  test('thousands of requests in one write, cut anywhere, are all answered in order', async () => {
    const client = await connect();
    const count = 5000;
    const bytes = Buffer.concat(Array.from({ length: count }, (_, id) => heartbeat(id)));
    // Odd pieces, so that sizes and frames are cut in the middle.
    for (let at = 0, step = 1; at < bytes.length; at += step, step = (step * 7 + 3) % 9973) {
      client.send(bytes.subarray(at, at + step));
    }
    for (let id = 0; id < count; id++) expect((await client.response(Heartbeat, 4)).correlationId).toBe(id);
  });

  test('an exclusive wait holds its connection and no other', async () => {
    const client = await connect();
    const held = gate();
    server.script.gates.set('exclusive', held);
    client.send(heartbeat(1, 'exclusive'), heartbeat(2), heartbeat(3));
    await until(() => server.script.admitted.length === 1);
    await expectOthersServed();
    client.send(heartbeat(4));
    await expectOthersServed();
    expect(server.script.admitted).toEqual([1, 7, 7]);
    held.open();
    for (const id of [1, 2, 3, 4]) expect((await client.response(Heartbeat, 4)).correlationId).toBe(id);
  });

  test('records of every size arrive whole, however they are cut', async () => {
    const client = await connect();
    const other = await connect();
    for (const sizeBytes of [0, 1, 1000, 65_536, 262_140, 262_144, 300_000, 1_048_576, 5_000_000]) {
      const records = Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 31 + sizeBytes) % 256);
      const body = { acks: 1, timeoutMs: 1000, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] };
      const bytes = requestBytes(Produce, 9, sizeBytes, body);
      // Half of it, then another client's request over the same memory, then the rest with the next request in its tail.
      client.send(bytes.subarray(0, bytes.length / 2));
      other.send(heartbeat(9));
      await other.response(Heartbeat, 4);
      client.send(Buffer.concat([bytes.subarray(bytes.length / 2), heartbeat(1)]));
      const answer = (await client.response(Produce, 9)).body.responses[0]?.partitionResponses[0];
      expect(answer?.baseOffset).toBe(sizeBytes);
      expect(answer?.logAppendTimeMs).toBe(records.reduce((sum, byte) => sum + byte, 0));
      expect((await client.response(Heartbeat, 4)).correlationId).toBe(1);
    }
    expect(server.server.requestBytes).toBe(0);
  });

  test('acks=0 is not answered; what follows is', async () => {
    const client = await connect();
    client.send(requestBytes(Produce, 9, 1, { acks: 0, timeoutMs: 1, topicData: [] }), heartbeat(2));
    expect((await client.response(Heartbeat, 4)).correlationId).toBe(2);
  });

  test.each([
    ['an unknown API key', frameOf(0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff), 'unknown API key'],
    ['an API that is not registered', frameOf(0, 3, 0, 0, 0, 0, 0, 1, 0xff, 0xff), 'unknown API key'],
    ['a version above', frameOf(0, 12, 0, 99, 0, 0, 0, 1, 0xff, 0xff, 0), 'unsupported version 99'],
    ['a version below', frameOf(0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff), 'unsupported version 2'],
    ['a body that is cut', frameOf(0, 12, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0), 'bytes wanted'],
    [
      'an array of 2^31 elements',
      frameOf(0, 0, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 9, 0x7f, 0xff, 0xff, 0xff),
      'an array claims',
    ],
    ['a size of 2 GB', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 'socket.request.max.bytes'],
    ['a negative size', Buffer.from([0xff, 0xff, 0xff, 0xff]), 'too short'],
    ['a size of 0', Buffer.from([0, 0, 0, 0]), 'too short'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'socket.request.max.bytes'],
  ])('%s ends its connection with one line, and costs nobody else anything', async (_what, bytes, reason) => {
    const bystander = await connect();
    const client = await connect();
    client.send(bytes);
    await client.closed();
    bystander.send(heartbeat(5));
    expect((await bystander.response(Heartbeat, 4)).body.errorCode).toBe(5);
    await expectOthersServed();
    const [line, ...more] = server.lines;
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: 'info', message: 'Closed a connection' });
    expect(String(line?.fields['reason'])).toContain(reason);
    expect(String(line?.fields['address'])).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('requests before the broken one are still answered', async () => {
    const client = await connect();
    client.send(Buffer.concat([heartbeat(1), heartbeat(2)]));
    await client.response(Heartbeat, 4);
    await client.response(Heartbeat, 4);
    client.send(frameOf(0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff));
    await client.closed();
  });

  test.each([
    ['of an unknown API', 32512, [0, 0], '32512'],
    ['of an unknown version', Heartbeat.key, [0, 99], 'Heartbeat'],
    ['whose body is cut off', Heartbeat.key, [0, 4, 0, 0, 0, 1], 'Heartbeat'],
  ])('the line about a request %s names its client and the API', async (_what, key, changed, api) => {
    const client = await connect();
    const request = Buffer.from(requestBytes(Heartbeat, 4, 1, { groupId: 'g', generationId: 1, memberId: 'm' }, 'me'));
    request.writeInt16BE(key, 4);
    request.set(changed, 6);
    const frame = changed.length > 2 ? request.subarray(0, request.length - 3) : request;
    frame.writeInt32BE(frame.length - 4);
    client.send(frame);
    await client.closed();
    const [line] = server.lines;
    expect(line?.fields).toMatchObject({ clientId: 'me', api, reason: expect.any(String) });
  });

  test.each([
    ['throw', 'error'],
    ['reject', 'error'],
    ['close', 'info'],
  ])('a handler that fails (%s) ends its connection, not the process', async (memberId, level) => {
    const client = await connect();
    client.send(heartbeat(3, memberId));
    await client.closed();
    await expectOthersServed();
    const [line] = server.lines;
    expect(line?.level).toBe(level);
    expect(line?.fields).toMatchObject({ clientId: 'test', api: 'Heartbeat' });
    expect(line?.fields['error'] instanceof Error).toBe(level === 'error');
  });

  test('random garbage ends connections and nothing else', async () => {
    let seed = 42;
    const random = (): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed >>> 24;
    };
    for (let round = 0; round < 100; round++) {
      const client = await connect();
      const body = Array.from({ length: 8 + (random() % 60) }, random);
      // Half of them with a known key and version, so that the decoders see garbage too.
      if (round % 2 === 0) body.splice(0, 4, 0, [0, 1, 12, 18][round % 4] ?? 0, 0, 4);
      client.send(frameOf(...body));
      client.send(Buffer.from([0x80, 0, 0, 0]));
      await client.closed();
    }
    await expectOthersServed();
    expect(server.server.requestBytes).toBe(0);
  });

  test('the signal of a parked request aborts when its client goes', async () => {
    const client = await connect();
    server.script.gates.set('park', gate());
    client.send(heartbeat(1, 'park'));
    await until(() => server.script.admitted.length === 1);
    client.destroy();
    await until(() => server.script.aborted === 1);
    expect(server.server.connectionCount).toBe(0);
  });
});
