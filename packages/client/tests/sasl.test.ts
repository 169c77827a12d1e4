import { ErrorCode, Metadata, SaslAuthenticate, SaslHandshake } from '@ks/protocol';
import { expect, test } from 'vitest';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { Authenticator } from '../src/security/authenticator.ts';
import type { SaslOptions } from '../src/security/sasl-options.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// How connections are authenticated, once and again: what a real broker is hard to be brought to, under virtual time.

const alice = { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } as const;

function openAs(kafka: FakeKafka, sasl: SaslOptions) {
  return openClient(kafka, { authenticator: new Authenticator(sasl, nodeCrypto, kafka.clock) });
}

/** Answers authentications as a broker that lets them count for so long. */
function authenticates(kafka: FakeKafka, lifetimesMs: readonly number[]): void {
  for (const sessionLifetimeMs of lifetimesMs) {
    kafka.script(SaslHandshake, () => ({ errorCode: 0, mechanisms: ['PLAIN', 'OAUTHBEARER'] }));
    kafka.script(SaslAuthenticate, () => {
      return { errorCode: 0, errorMessage: null, authBytes: new Uint8Array(0), sessionLifetimeMs };
    });
  }
}

test('a session is prolonged before it ends, at a request, and not while nobody asks for anything', async () => {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  // The first connection is to the bootstrap address, which is the broker's own.
  authenticates(kafka, [10_000, 10_000, 0]);
  const ks = await openAs(kafka, alice);
  const authentications = (): number => kafka.requests(SaslAuthenticate).length;
  expect(authentications()).toBe(1);
  const ask = () => ks.admin.describeTopics(['t']);
  const start = kafka.clock.monotonicMs();
  while (kafka.clock.monotonicMs() - start < 8_000) {
    await ask();
    await passed(kafka, 500);
  }
  expect(authentications()).toBe(1);
  while (kafka.clock.monotonicMs() - start < 9_900) {
    await ask();
    await passed(kafka, 100);
  }
  expect(authentications()).toBe(2);
  // Nobody asks for longer than the session: the next request waits for an authentication.
  await passed(kafka, 60_000);
  const before = kafka.received.length;
  await ask();
  const names = kafka.received.slice(before).map(({ api }) => api);
  expect(names).toEqual(['SaslHandshake', 'SaslAuthenticate', 'Metadata']);
  expect([...kafka.network.attempts.values()]).toEqual([1]);
  await ks.close();
  expect(kafka.clock.pending).toBe(0);
});

test('requests that are under way end as if nothing were, and those that come meanwhile wait', async () => {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  authenticates(kafka, [10_000]);
  const ks = await openAs(kafka, alice);
  await passed(kafka, 9_600);
  const order: string[] = [];
  const ask = () => ks.admin.describeTopics(['t']);
  const meanwhile: Promise<unknown>[] = [];
  kafka.script(SaslHandshake, () => {
    order.push('handshake');
    meanwhile.push(ask(), ask());
    return { errorCode: 0, mechanisms: ['PLAIN'] };
  });
  kafka.script(SaslAuthenticate, () => {
    order.push('authenticated');
    return { errorCode: 0, errorMessage: null, authBytes: new Uint8Array(0), sessionLifetimeMs: 0 };
  });
  for (let count = 0; count < 5; count += 1) {
    kafka.script(Metadata, () => {
      order.push('metadata');
      return undefined;
    });
  }
  await Promise.all([ask(), ask(), ask()]);
  await passed(kafka, 0);
  await Promise.all(meanwhile);
  // Brokers take nothing else between the two.
  const before = ['metadata', 'metadata', 'metadata', 'handshake'];
  expect(order).toEqual([...before, 'authenticated', 'metadata', 'metadata']);
  await ks.close();
});

test('a session that may not be prolonged ends with its connection, for good', async () => {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  authenticates(kafka, [10_000]);
  const ks = await openAs(kafka, alice);
  await passed(kafka, 20_000);
  // The password has changed: neither this connection nor a new one is let in.
  for (let count = 0; count < 2; count += 1) {
    kafka.script(SaslHandshake, () => ({ errorCode: 0, mechanisms: ['PLAIN'] }));
    kafka.script(SaslAuthenticate, () => {
      const errorCode = ErrorCode.SASL_AUTHENTICATION_FAILED;
      return { errorCode, errorMessage: 'Invalid username or password', authBytes: new Uint8Array(0) };
    });
  }
  const error = await errorOf(ks.admin.describeTopics(['t']));
  expect(error).toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED', retriable: false });
  expect(error.message).not.toContain('alice-secret');
  expect(kafka.requests(SaslAuthenticate)).toHaveLength(2);
  expect(await errorOf(ks.admin.describeTopics(['t']))).toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED' });
  expect(kafka.requests(SaslAuthenticate)).toHaveLength(3);
  await ks.close();
  expect(kafka.network.openConnections).toBe(0);
  expect(kafka.clock.pending).toBe(0);
});

test('a token is used by all connections until it is used up, and one that is refused is not used again', async () => {
  const kafka = new FakeKafka(2);
  kafka.createTopic('t', 2, (partition) => partition + 1);
  let given = 0;
  const token = () => {
    given += 1;
    return { value: `token-${given}`, expiresAtMs: kafka.clock.wallMs() + 100_000 };
  };
  authenticates(kafka, [0, 0, 0]);
  const ks = await openAs(kafka, { mechanism: 'OAUTHBEARER', token });
  await ks.producer().sendBatch(
    't',
    [0, 1].map((partition) => ({ key: null, value: 'x', partition })),
  );
  expect(given).toBe(1);
  await passed(kafka, 50_000);
  kafka.stop(1);
  kafka.start(1);
  kafka.script(SaslHandshake, () => ({ errorCode: 0, mechanisms: ['OAUTHBEARER'] }));
  kafka.script(SaslAuthenticate, () => ({
    errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED,
    errorMessage: null,
    authBytes: new Uint8Array(0),
  }));
  authenticates(kafka, [0, 0, 0]);
  // It was revoked: the next attempt comes with another.
  await ks.producer().send('t', { key: null, value: 'x', partition: 0 });
  expect(given).toBe(2);
  const tokens = kafka
    .requests(SaslAuthenticate)
    .map(({ body }) => /token-\d/.exec(Buffer.from(body.authBytes).toString())?.[0]);
  expect(new Set(tokens)).toEqual(new Set(['token-1', 'token-2']));
  expect(tokens.at(-1)).toBe('token-2');
  await ks.close();
});

test('a function for the token that fails is asked again, and its error is the cause', async () => {
  const kafka = new FakeKafka();
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked < 3) throw new Error('the identity service is away');
    return 'token';
  };
  authenticates(kafka, [0]);
  const ks = await openAs(kafka, { mechanism: 'OAUTHBEARER', token });
  expect(asked).toBe(3);
  await ks.close();
  const away = { mechanism: 'OAUTHBEARER', token: () => Promise.reject(new Error('away')) } as const;
  const error = await errorOf(openAs(kafka, away));
  expect(error.message).toContain('token');
});

test.each(['has spaces', 'has\u0001controls', ''])('what is no token is not sent: %j', async (value) => {
  const kafka = new FakeKafka();
  const error = await errorOf(openAs(kafka, { mechanism: 'OAUTHBEARER', token: () => value }));
  expect(error).toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED', retriable: false });
  expect(kafka.requests(SaslHandshake)).toEqual([]);
});

test('a client that is told to wait sends nothing on that connection until then', async () => {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  const ks = await openClient(kafka);
  kafka.script(Metadata, (request) => ({ ...kafka.metadata(request), throttleTimeMs: 5_000 }));
  await ks.admin.describeTopics(['t']);
  const toldAtMs = kafka.clock.monotonicMs();
  const asked = kafka.received.length;
  const waiting = ks.admin.describeTopics(['t']);
  await passed(kafka, 4_900);
  expect(kafka.received).toHaveLength(asked);
  await waiting;
  expect(kafka.clock.monotonicMs() - toldAtMs).toBeGreaterThanOrEqual(5_000);
  // Longer than a request may take: it fails by itself, and the connection stays.
  kafka.script(Metadata, (request) => ({ ...kafka.metadata(request), throttleTimeMs: 3_600_000 }));
  await ks.admin.describeTopics(['t']);
  const error = await errorOf(ks.admin.describeTopics(['t']));
  expect(error.name).toBe('REQUEST_TIMED_OUT');
  expect(error.message).toContain('throttles');
  expect([...kafka.network.attempts.values()]).toEqual([1]);
  await ks.close();
  expect(kafka.clock.pending).toBe(0);
});

function passed(kafka: FakeKafka, ms: number): Promise<void> {
  return new Promise((resolve) => {
    kafka.clock.setTimer(ms, resolve);
  });
}
