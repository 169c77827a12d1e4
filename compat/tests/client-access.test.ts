import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Client, type ConnectOptions, connect, KafkaError, type ThrottleEvent } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../src/client-brokers.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { type SecureKafka, startSecureKafka } from '../src/kafka/secure-kafka.ts';
import { describeWith, triedAgain } from '../src/peers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../src/temporary-directory.ts';

// Who may do what, and how much of it: our client at Apache Kafka with users, an authorizer and quotas.

describeWith('Kafka')('at Apache Kafka', triedAgain, () => {
  let directory: TemporaryDirectory;
  let secure: SecureKafka;
  let root: Client;

  beforeAll(async () => {
    await fetchKafka();
    directory = await temporaryDirectory();
    secure = await startSecureKafka(directory.path, { 'delegation.token.secret.key': 'of-this-test' });
    root = await connect({ brokers: secure.kafka.bootstrap });
    await root.admin.createTopics([{ topic: 'secret' }, { topic: 'public' }]);
  }, 180_000);
  afterAll(async () => {
    await root?.close();
    await secure?.kafka.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  const as = (username: 'alice' | 'bob', options: Partial<ConnectOptions> = {}): Promise<Client> =>
    connect({
      brokers: `127.0.0.1:${secure.kafka.ports['SASL']}`,
      sasl: { mechanism: 'PLAIN', username, password: `${username}-secret` },
      ...options,
    });

  async function errorOf(call: Promise<unknown>): Promise<KafkaError> {
    try {
      await call;
    } catch (error) {
      if (error instanceof KafkaError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  }

  async function drained(records: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of records);
  }

  describe('access', () => {
    test('that is missing is told, by what it is missing to, and not asked for again and again', async () => {
      await using bob = await as('bob');
      const record = { key: null, value: 'x' };
      const denied = { name: 'TOPIC_AUTHORIZATION_FAILED', retriable: false };
      expect(await errorOf(bob.producer().send('secret', record))).toMatchObject({ ...denied, topic: 'secret' });
      expect(await errorOf(bob.admin.createTopic('mine'))).toMatchObject({ name: 'TOPIC_AUTHORIZATION_FAILED' });
      expect(await errorOf(drained(bob.consumer({ from: 'beginning' }).read('secret')))).toMatchObject(denied);
      await root.admin.createAcls([
        { resourceType: 'topic', resourceName: 'public', principal: 'User:bob', operation: 'read' },
      ]);
      await until(async () => (await bob.admin.listTopics()).some(({ name }) => name === 'public'));
      const group = { name: 'GROUP_AUTHORIZATION_FAILED', retriable: false };
      for (const protocol of ['classic', 'consumer'] as const) {
        const member = bob.consumer({ group: 'bobs', protocol });
        expect(await errorOf(drained(member.read('public')))).toMatchObject(group);
      }
      expect(await errorOf(bob.admin.listGroupOffsets('bobs'))).toMatchObject(group);
      const writer = bob.producer({ transactionalId: 'bobs' });
      expect(await errorOf(writer.transaction((tx) => tx.send('public', record)))).toMatchObject({
        name: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
        retriable: false,
      });
      expect(await errorOf(bob.admin.describeAcls())).toMatchObject({ name: 'CLUSTER_AUTHORIZATION_FAILED' });
    });

    test('is given, listed, used and taken by access control entries', async () => {
      const acl = {
        resourceType: 'topic',
        resourceName: 'team-',
        patternType: 'prefixed',
        principal: 'User:bob',
        operation: 'all',
      } as const;
      const deny = { ...acl, resourceName: 'team-x', patternType: 'literal', permission: 'deny' } as const;
      await root.admin.createAcls([acl, deny]);
      const described = await root.admin.describeAcls({ resourceName: 'team-x', patternType: 'match' });
      expect(described).toHaveLength(2);
      expect(described).toEqual(
        expect.arrayContaining([
          { ...acl, host: '*', permission: 'allow' },
          { ...deny, host: '*' },
        ]),
      );
      await using bob = await as('bob');
      await until(async () => (await root.admin.describeAcls({ principal: 'User:bob' })).length >= 2);
      await bob.admin.createTopic('team-a');
      await bob.producer().send('team-a', { key: null, value: 'x' });
      expect(await errorOf(bob.admin.createTopic('team-x'))).toMatchObject({ name: 'TOPIC_AUTHORIZATION_FAILED' });
      const deleted = await root.admin.deleteAcls([
        { resourceName: 'team-x', patternType: 'match' },
        { host: '10.0.0.1' },
      ]);
      expect(deleted.map((some) => some.length)).toEqual([2, 0]);
      const { authorizedOperations } = await bob.admin.describeCluster({ includeAuthorizedOperations: true });
      expect(authorizedOperations).toEqual([]);
      const all = await root.admin.describeCluster({ includeAuthorizedOperations: true });
      expect(all.authorizedOperations).toContain('clusterAction');
    });

    test('of users by SCRAM is given and taken', async () => {
      const both = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
      await root.admin.alterUserScramCredentials(
        both.map((mechanism) => ({ user: 'carol', mechanism, password: 'p' })),
      );
      await until(async () => (await root.admin.describeUserScramCredentials()).length === 1);
      const [carol] = await root.admin.describeUserScramCredentials(['carol']);
      // Kafka tells them in no order.
      const told = carol?.credentials.toSorted((a, b) => a.mechanism.localeCompare(b.mechanism));
      expect(told).toEqual(both.map((mechanism) => ({ mechanism, iterations: 4096 })));
      await root.admin.alterUserScramCredentials(both.map((mechanism) => ({ user: 'carol', mechanism })));
      await until(async () => (await root.admin.describeUserScramCredentials()).length === 0);
      expect(await errorOf(root.admin.describeUserScramCredentials(['carol']))).toMatchObject({
        name: 'RESOURCE_NOT_FOUND',
      });
      const nothing = root.admin.alterUserScramCredentials([{ user: 'carol', mechanism: 'SCRAM-SHA-256' }]);
      expect(await errorOf(nothing)).toMatchObject({ name: 'RESOURCE_NOT_FOUND' });
    });
  });

  describe('delegation tokens', () => {
    test('stand for their owner until they end', async () => {
      await using alice = await as('alice');
      const token = await alice.admin.createDelegationToken({ renewers: [{ name: 'bob' }], maxLifetimeMs: 3_600_000 });
      expect(token).toMatchObject({ owner: { type: 'User', name: 'alice' }, renewers: [{ name: 'bob' }] });
      expect(token.maxExpiresAtMs - token.issuedAtMs).toBe(3_600_000);
      await until(async () => (await alice.admin.describeDelegationTokens([{ name: 'alice' }])).length === 1);
      const sasl = {
        mechanism: 'SCRAM-SHA-256',
        username: token.tokenId,
        password: Buffer.from(token.hmac).toString('base64'),
        isDelegationToken: true,
      } as const;
      await using bearer = await connect({ brokers: `127.0.0.1:${secure.kafka.ports['SASL']}`, sasl });
      await bearer.producer().send('secret', { key: null, value: 'as alice' });
      expect(await errorOf(bearer.admin.createDelegationToken())).toMatchObject({
        name: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
      });
      expect(await alice.admin.renewDelegationToken(token.hmac, 60_000)).toBeLessThanOrEqual(token.maxExpiresAtMs);
      await alice.admin.expireDelegationToken(token.hmac);
      await until(async () => (await alice.admin.describeDelegationTokens()).length === 0);
      expect(await errorOf(alice.admin.renewDelegationToken(token.hmac))).toMatchObject({
        name: 'DELEGATION_TOKEN_NOT_FOUND',
      });
    });
  });

  describe('quotas', () => {
    test('are set, found and removed', async () => {
      const change = {
        entity: { user: 'bob', clientId: null },
        set: { producer_byte_rate: 1e6, request_percentage: 50 },
      };
      await root.admin.alterClientQuotas([
        change,
        { entity: { ip: '10.0.0.1' }, set: { connection_creation_rate: 5 } },
      ]);
      await until(async () => (await root.admin.describeClientQuotas()).length === 2);
      const ofBob = [{ entity: change.entity, values: change.set }];
      expect(await root.admin.describeClientQuotas({ user: 'bob' })).toEqual(ofBob);
      expect(await root.admin.describeClientQuotas({ user: 'bob', strict: true })).toEqual([]);
      expect(await root.admin.describeClientQuotas({ clientId: null, having: ['user'] })).toEqual(ofBob);
      await root.admin.alterClientQuotas([
        { entity: change.entity, remove: ['producer_byte_rate', 'request_percentage'] },
        { entity: { ip: '10.0.0.1' }, remove: ['connection_creation_rate'] },
      ]);
      await until(async () => (await root.admin.describeClientQuotas()).length === 0);
      const wrong = { entity: { user: 'bob' }, set: { no_such_quota: 1 } };
      expect(await errorOf(root.admin.alterClientQuotas([wrong]))).toMatchObject({ name: 'INVALID_REQUEST' });
    });

    /** What the broker tells clients of this id to wait. */
    function throttles(clientId: string) {
      const seen: ThrottleEvent[] = [];
      const listener = (event: unknown): void => {
        const throttle = event as ThrottleEvent;
        if (throttle.clientId === clientId) seen.push(throttle);
      };
      subscribe('ks.client.throttle', listener);
      return { seen, stop: () => unsubscribe('ks.client.throttle', listener) };
    }

    test('are kept: the client waits as long as the broker says, and everything arrives in order', async () => {
      const clientId = 'slow-writer';
      await root.admin.alterClientQuotas([{ entity: { clientId }, set: { producer_byte_rate: 40_000 } }]);
      await until(async () => (await root.admin.describeClientQuotas({ clientId })).length === 1);
      const throttled = throttles(clientId);
      await using ks = await connect({ brokers: secure.kafka.bootstrap, clientId });
      await using producer = ks.producer({ batchBytes: 20_000, lingerMs: 0 });
      await Promise.all(
        Array.from({ length: 25 }, (_, index) =>
          producer.send('public', { key: null, value: `${index} ${'x'.repeat(20_000)}`, partition: 0 }),
        ),
      );
      throttled.stop();
      expect(throttled.seen.map(({ api }) => api)).toContain('Produce');
      await using consumer = root.consumer({ from: 'beginning' });
      const order: number[] = [];
      for await (const { value } of consumer.read({ until: 'end' }, 'public'))
        order.push(
          Number(
            Buffer.from(value ?? [])
              .toString()
              .split(' ')[0],
          ),
        );
      expect(order).toEqual(Array.from({ length: 25 }, (_, index) => index));
    });

    test('of changes refuse what is too much; the client tries again when it may, or says so', async () => {
      const clientId = 'busy-admin';
      await root.admin.alterClientQuotas([{ entity: { clientId }, set: { controller_mutation_rate: 20 } }]);
      await until(async () => (await root.admin.describeClientQuotas({ clientId })).length === 1);
      const throttled = throttles(clientId);
      await using ks = await connect({ brokers: secure.kafka.bootstrap, clientId });
      await ks.admin.createTopic('many', { partitions: 240 });
      await ks.admin.createTopic('more', { partitions: 1 });
      throttled.stop();
      expect(throttled.seen.map(({ api }) => api)).toContain('CreateTopics');
      await until(async () => (await root.admin.listTopics()).some(({ name }) => name === 'more'));
      await root.admin.alterClientQuotas([{ entity: { clientId }, set: { controller_mutation_rate: 0.01 } }]);
      await using hasty = await connect({ brokers: secure.kafka.bootstrap, clientId, retryTimeoutMs: 0 });
      let made = 0;
      const refused = async (): Promise<KafkaError> => {
        for (;;) {
          made += 1;
          await hasty.admin.createTopic(`too-much-${made}`, { partitions: 10 });
        }
      };
      expect(await errorOf(refused())).toMatchObject({ name: 'THROTTLING_QUOTA_EXCEEDED', retriable: true });
    });
  });

  describe('the cluster', () => {
    test('tells of its quorum, which is not changed without leave', async () => {
      const quorum = await root.admin.describeQuorum();
      expect(quorum).toMatchObject({ leaderId: 1, voters: [{ replicaId: 1 }] });
      expect(quorum.highWatermark).toBeGreaterThan(0);
      expect(quorum.nodes).toMatchObject([{ nodeId: 1, listeners: [{ name: 'CONTROLLER' }] }]);
      const voter = { voterId: 2, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ' };
      const listeners = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 9093 }];
      const unsupported = { name: 'UNSUPPORTED_VERSION' };
      // Its voters stand in its configuration.
      expect(await errorOf(root.admin.addRaftVoter({ ...voter, listeners }))).toMatchObject(unsupported);
      expect(await errorOf(root.admin.removeRaftVoter(voter))).toMatchObject(unsupported);
    });

    test('knows share groups, and where they begin', async () => {
      await root.admin.createTopic('shared', { partitions: 2 });
      const offsets = [0, 1].map((partition) => ({ topic: 'shared', partition, startOffset: 0 }));
      await root.producer().sendBatch('shared', [{ key: null, value: 'x', partition: 0 }]);
      expect(await root.admin.describeShareGroupOffsets('sharers')).toEqual([]);
      await root.admin.alterShareGroupOffsets('sharers', offsets);
      expect(await root.admin.describeShareGroupOffsets('sharers', offsets)).toMatchObject(offsets);
      const [group] = await root.admin.describeGroups(['sharers']);
      expect(group).toMatchObject({ type: 'share', state: 'Empty', members: [] });
      await root.admin.deleteShareGroupOffsets('sharers', ['shared']);
      expect((await root.admin.describeShareGroupOffsets('sharers')).map(({ topic }) => topic)).toEqual([]);
      await root.admin.deleteGroups(['sharers']);
    });

    test('moves replicas between log directories', async () => {
      const [{ path } = { path: '' }] = await root.admin.describeLogDirs();
      const move = { topic: 'secret', partition: 0, brokerId: 1 };
      await root.admin.alterReplicaLogDirs([{ ...move, path }]);
      expect(await errorOf(root.admin.alterReplicaLogDirs([{ ...move, path: '/nowhere' }]))).toMatchObject({
        name: 'LOG_DIR_NOT_FOUND',
        topic: 'secret',
      });
    });
  });
});
