import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { type Client, type ConnectOptions, connect, KafkaError, type SaslOptions } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text, until } from '../src/client-brokers.ts';
import { CertificateAuthority } from '../src/kafka/certificates.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { type SecureKafka, shortSessionMs, startSecureKafka, unsecuredToken } from '../src/kafka/secure-kafka.ts';
import { describeWith, triedAgain } from '../src/peers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../src/temporary-directory.ts';

/** How many sockets this process opens. */
function countSockets() {
  const counter = { count: 0, stop: () => unsubscribe('net.client.socket', onSocket) };
  function onSocket(): void {
    counter.count += 1;
  }
  subscribe('net.client.socket', onSocket);
  return counter;
}

// TLS, SASL and who may do what: our client at Apache Kafka.

describeWith('Kafka')('at Apache Kafka', triedAgain, () => {
  let directory: TemporaryDirectory;
  let secure: SecureKafka;
  let admin: Client;
  let ca: string;

  beforeAll(async () => {
    await fetchKafka();
    directory = await temporaryDirectory();
    secure = await startSecureKafka(directory.path);
    ca = await readFile(secure.authority.certificate, 'utf8');
    admin = await connect({ brokers: secure.kafka.bootstrap });
    await admin.admin.createTopic('t', { partitions: 2 });
    await admin.admin.alterUserScramCredentials([
      { user: 'alice', mechanism: 'SCRAM-SHA-256', password: 'pässword, with=signs' },
      { user: 'alice', mechanism: 'SCRAM-SHA-512', password: 'another', iterations: 8192 },
    ]);
    await until(async () => (await admin.admin.describeUserScramCredentials()).length === 1);
  }, 180_000);
  afterAll(async () => {
    await admin?.close();
    await secure?.kafka.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  const at = (listener: string, options: Partial<ConnectOptions> = {}): Promise<Client> =>
    connect({ brokers: `127.0.0.1:${secure.kafka.ports[listener]}`, ...options });

  /** Writes a record and reads it back, through every kind of connection that a client has. */
  async function worksAt(ks: Client): Promise<void> {
    const { offset, partition } = await ks.producer().send('t', { key: null, value: 'hello', partition: 0 });
    const consumer = ks.consumer({ from: 'beginning' });
    const assignments = [{ topic: 't', partition, from: offset }];
    for await (const record of consumer.read({ assignments, until: 'end' })) {
      if (record.offset === offset) expect(text(record.value)).toBe('hello');
    }
  }

  /** Writes and reads without a pause; every record comes once and in order. */
  async function busy(ks: Client, name: string, forMs: number): Promise<void> {
    await admin.admin.createTopic(name);
    await using producer = ks.producer({ lingerMs: 0 });
    await using consumer = ks.consumer({ from: 'beginning', maxWaitMs: 100 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const record of consumer.read(name)) {
        if (text(record.value) === 'end') return;
        seen.push(Number(text(record.value)));
      }
    })();
    const sending: Promise<unknown>[] = [];
    for (const end = performance.now() + forMs; performance.now() < end; ) {
      sending.push(producer.send(name, { key: null, value: `${sending.length}` }));
      await new Promise((resolve) => setTimeout(resolve, 3));
      await ks.admin.listOffsets([{ topic: name, partition: 0, at: 'end' }]);
    }
    await Promise.all(sending);
    await producer.send(name, { key: null, value: 'end' });
    await reading;
    expect(seen).toEqual([...sending.keys()]);
  }

  async function refusal(connecting: Promise<Client>): Promise<KafkaError> {
    try {
      await (await connecting).close();
    } catch (error) {
      if (error instanceof KafkaError) return error;
      throw error;
    }
    throw new Error('it was not refused');
  }

  describe('TLS', () => {
    test('encrypts, and knows the broker by its authority', async () => {
      await using ks = await at('TLS', { tls: { ca } });
      await worksAt(ks);
    });

    test('large batches come through whole', async () => {
      await using ks = await at('TLS', { tls: { ca } });
      const value = Buffer.alloc(700_000, 'ks').toString();
      const { offset, partition } = await ks.producer().send('t', { key: null, value, partition: 1 });
      await using consumer = ks.consumer();
      for await (const record of consumer.read({
        assignments: [{ topic: 't', partition, from: offset }],
        until: 'end',
      }))
        expect(text(record.value)).toBe(value);
    });

    test('a certificate of another authority, or another name, is refused at once', async () => {
      await using other = await temporaryDirectory();
      const stranger = await CertificateAuthority.create(other.path, 'stranger');
      const unknown = await refusal(at('TLS', { tls: { ca: await readFile(stranger.certificate) } }));
      expect(unknown).toMatchObject({ name: 'TLS_FAILED', retriable: false });
      expect(unknown.message).toContain('tls.ca');
      expect(await refusal(at('TLS', { tls: true }))).toMatchObject({ name: 'TLS_FAILED' });
      const misnamed = await refusal(at('TLS', { tls: { ca, servername: 'kafka.example.com' } }));
      expect(misnamed.message).toContain('tls.servername');
      await using trusting = await at('TLS', { tls: { rejectUnauthorized: false } });
      await worksAt(trusting);
    });

    test('the client shows its own certificate where one is wanted', async () => {
      const [cert, key] = [await readFile(secure.client.certificate), await readFile(secure.client.key)];
      await using ks = await at('MTLS', { tls: { ca, cert, key } });
      await worksAt(ks);
      const without = await refusal(at('MTLS', { tls: { ca } }));
      expect(without).toMatchObject({ name: 'TLS_FAILED', retriable: false });
      expect(without.message).toContain('tls.cert');
    });

    test('keys that cannot be read, and ports that do not fit, are told', async () => {
      expect(await refusal(at('TLS', { tls: { ca, cert: 'nonsense', key: 'secret-key' } }))).toMatchObject({
        name: 'INVALID_ARGUMENT',
        message: expect.not.stringContaining('secret-key'),
      });
      const plain = { brokers: secure.kafka.bootstrap, tls: { ca }, openTimeoutMs: 0 };
      expect((await refusal(connect(plain))).message).toMatch(/TLS|tls/);
      expect((await refusal(at('TLS', { openTimeoutMs: 0 }))).message).toContain('set tls');
    });
  });

  const credentials: readonly SaslOptions[] = [
    { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' },
    { mechanism: 'SCRAM-SHA-256', username: 'alice', password: () => Promise.resolve('pässword, with=signs') },
    { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'another' },
    { mechanism: 'OAUTHBEARER', token: () => unsecuredToken('alice', Date.now() + 600_000) },
  ];

  describe('SASL', () => {
    test.each(credentials)('$mechanism is taken, with TLS and without', async (sasl) => {
      await using ks = await at('SASL', { sasl });
      await worksAt(ks);
      await using both = await at('SASLTLS', { sasl, tls: { ca } });
      await worksAt(both);
    });

    test('sessions are prolonged while requests are under way, on the same connections', async () => {
      const sockets = countSockets();
      const clients = await Promise.all(credentials.map((sasl) => at('SHORT', { sasl })));
      await Promise.all(clients.map((ks, index) => busy(ks, `session-${index}`, 2.5 * shortSessionMs)));
      await Promise.all(clients.map((ks) => ks.close()));
      sockets.stop();
      // Of each client: one to start with, and one each to control, produce and fetch.
      expect(sockets.count).toBeLessThanOrEqual(4 * clients.length);
    });

    const wrong: readonly SaslOptions[] = [
      { mechanism: 'PLAIN', username: 'alice', password: 'wrong-secret' },
      { mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'wrong-secret' },
      { mechanism: 'SCRAM-SHA-512', username: 'nobody', password: 'wrong-secret' },
      { mechanism: 'OAUTHBEARER', token: () => unsecuredToken('alice', Date.now() - 600_000) },
    ];

    test.each(wrong)('$mechanism with what is wrong is refused at once, and the secret is not told', async (sasl) => {
      const error = await refusal(at('SASL', { sasl, openTimeoutMs: 60_000 }));
      expect(error).toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED', retriable: false });
      expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toContain('wrong-secret');
      expect(error.message).toContain(sasl.mechanism);
    });

    test('a mechanism that is not offered, and a listener without SASL, are told', async () => {
      const sasl = { mechanism: 'GSSAPI', username: 'alice', password: 'x' } as unknown as SaslOptions;
      expect(await refusal(at('SASL', { sasl }))).toMatchObject({ name: 'INVALID_ARGUMENT' });
      const scram = { mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'x' } as const;
      const unoffered = await refusal(at('ONLYPLAIN', { sasl: scram }));
      expect(unoffered).toMatchObject({ name: 'UNSUPPORTED_SASL_MECHANISM', retriable: false });
      expect(unoffered.message).toContain('it offers PLAIN');
      const plain = { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } as const;
      const error = await refusal(connect({ brokers: secure.kafka.bootstrap, sasl: plain }));
      expect(error).toMatchObject({ name: 'ILLEGAL_SASL_STATE', retriable: false });
      expect((await refusal(at('SASL', { openTimeoutMs: 0 }))).message).toContain('set sasl');
    });
  });
});
