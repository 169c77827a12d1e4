import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openEtcdMetadataStore } from '../../src/adapters/etcd-metadata-store.ts';
import { createNodeClock } from '../../src/adapters/node-clock.ts';
import { configsKey } from '../../src/core/metadata/keys.ts';
import type { MetadataStore } from '../../src/ports/metadata-store.ts';
import { MetadataLoader } from '../../src/runtime/metadata-loader.ts';
import { KeptLog, type MetadataNode, startMetadataNode } from '../metadata-harness.ts';
import { seededRandom } from '../virtual-clock.ts';
import { startCutProxy } from './cut-proxy.ts';
import { describeWithEtcd, type EtcdCluster, startEtcd } from './etcd-cluster.ts';

const clock = createNodeClock();
const put = (key: string, value: string) => ({ type: 'put', key, value }) as const;
const until = async (isDone: () => boolean, maxMs = 20_000) => {
  const endMs = clock.monotonicMs() + maxMs;
  while (!isDone()) {
    if (clock.monotonicMs() > endMs) throw new Error(`not so after ${maxMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describeWithEtcd('over a real etcd', () => {
  let etcd: EtcdCluster;
  let count = 0;
  const open = (hosts = etcd.hosts, prefix = `/ks/f${count++}/`) => openEtcdMetadataStore({ hosts, prefix, clock });
  const stores: MetadataStore[] = [];
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const opened = (store: MetadataStore) => {
    stores.push(store);
    return store;
  };

  test('a loader whose connections break off in the middle of 3,000 revisions misses none', async () => {
    await using proxy = await startCutProxy(etcd.hosts[0] ?? '');
    const prefix = `/ks/f${count++}/`;
    const writer = opened(await open(etcd.hosts, prefix));
    const reader = opened(await open([proxy.host], prefix));
    const failures: Error[] = [];
    const loader = new MetadataLoader({
      ...{ store: reader, clock, logger: new KeptLog(), failed: (error: Error) => void failures.push(error) },
    });
    await loader.start();
    proxy.close(true);
    let last = 0;
    for (let batch = 0; batch < 30; batch++) {
      const writes = Array.from({ length: 100 }, (_, index) =>
        writer.commit({ conditions: [], operations: [put(configsKey('topic', `t${batch}-${index}`), '{}')] }),
      );
      for (const result of await Promise.all(writes))
        if (result.status === 'ok') last = Math.max(last, result.revision);
    }
    proxy.cutAfter(80_000);
    proxy.close(false);
    await until(() => proxy.cuts >= 1);
    proxy.cutAfter(undefined);
    await loader.whenApplied(last);
    expect([loader.image().configs.size, failures]).toEqual([3000, []]);
    await loader.stop();
  });

  test('a compaction that overtakes a loader ends in a fresh read', async () => {
    await using proxy = await startCutProxy(etcd.hosts[0] ?? '');
    const prefix = `/ks/f${count++}/`;
    const writer = opened(await open(etcd.hosts, prefix));
    const reader = opened(await open([proxy.host], prefix));
    const log = new KeptLog();
    const loader = new MetadataLoader({ store: reader, clock, logger: log, failed: () => undefined });
    await loader.start();
    proxy.close(true);
    let last = 0;
    for (let index = 0; index < 20; index++) {
      const result = await writer.commit({ conditions: [], operations: [put(configsKey('topic', `t${index}`), '{}')] });
      if (result.status === 'ok') last = result.revision;
    }
    await writer.compact(last);
    proxy.close(false);
    await loader.whenApplied(last);
    expect(loader.image().configs.size).toBe(20);
    expect(log.lines.join()).toContain('compacted');
    await loader.stop();
  });

  test('values of more than 4 MB in one answer are watched and read', async () => {
    const store = opened(await open());
    const from = (await store.read('')).revision + 1;
    const value = 'x'.repeat(1_000_000);
    for (let index = 0; index < 10; index++)
      await store.commit({ conditions: [], operations: [put(`k${index}`, value)] });
    const end = new AbortController();
    let seen = 0;
    for await (const revision of store.watch('', from, end.signal)) {
      seen += revision.changes.length;
      if (seen === 10) end.abort();
    }
    expect((await store.read('')).entries.map((entry) => entry.value.length)).toEqual(Array(10).fill(1_000_000));
  });

  test('an etcd that does not answer makes a commit unknown and all else unavailable; a lease tells nobody that it is lost', async () => {
    await using proxy = await startCutProxy(etcd.hosts[0] ?? '');
    const store = opened(await open([proxy.host]));
    const lease = await store.lease(3000);
    let isLost = false;
    void lease.lost.then(() => {
      isLost = true;
    });
    proxy.close(true);
    expect(await store.commit({ conditions: [], operations: [put('a', '1')] })).toEqual({ status: 'unknown' });
    await expect(store.read('')).rejects.toMatchObject({ kind: 'unavailable' });
    await until(() => clock.monotonicMs() > lease.deadlineMs());
    expect(isLost).toBe(false);
    proxy.close(false);
    await until(() => isLost || clock.monotonicMs() < lease.deadlineMs());
  });

  test('nobody answers at all: one clear line that names the members', async () => {
    const options = { hosts: ['127.0.0.1:1', '127.0.0.1:2'], prefix: '/x/', clock, openTimeoutMs: 300 };
    const refused = openEtcdMetadataStore(options);
    await expect(refused).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(refused).rejects.toThrow(
      /^the metadata store etcd:\/\/127\.0\.0\.1:1,127\.0\.0\.1:2 cannot be reached/,
    );
  });
});

describeWithEtcd('three members of etcd and three brokers', () => {
  test('the loss of one member is not noticed, that of all fails nothing over, now or afterwards', async () => {
    await using etcd = await startEtcd({ members: 3 });
    const random = seededRandom(1);
    const nodes: { readonly node: MetadataNode; readonly store: MetadataStore }[] = [];
    for (const brokerId of [0, 1, 2]) {
      const store = await openEtcdMetadataStore({ hosts: etcd.hosts, prefix: '/ks/three/', clock });
      nodes.push({ store, node: await startMetadataNode({ store, clock, random, brokerId, leaseTtlMs: 3000 }) });
    }
    const [first] = nodes;
    if (first === undefined) throw new Error('no broker started');
    const { admin, loader } = first.node;
    await until(() => loader.image().brokers.size === 3);
    const create = (name: string) =>
      admin.createTopics([{ name, partitionCount: 6, replicationFactor: 3, assignments: [], configs: [] }], {
        timeoutMs: 20_000,
        validateOnly: false,
      });
    expect((await create('t')).map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([[0, null]]);
    const epochs = () => nodes.map(({ node }) => node.registration.brokerEpoch);
    const leaders = () =>
      loader
        .image()
        .topicsByName.get('t')
        ?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch]);
    const before = { epochs: epochs(), leaders: leaders(), controller: loader.image().controllerId };

    await etcd.kill(0);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(nodes.map(({ node }) => node.registration.isFenced())).toEqual([false, false, false]);
    expect((await create('u')).map(({ errorCode }) => errorCode)).toEqual([0]);

    await etcd.kill(1);
    await etcd.kill(2);
    await until(() => nodes.every(({ node }) => node.registration.isFenced()));
    for (const member of [0, 1, 2]) await etcd.restart(member);
    await until(() => nodes.every(({ node }) => !node.registration.isFenced()));
    expect((await create('v')).map(({ errorCode }) => errorCode)).toEqual([0]);
    await until(() => nodes.every(({ node }) => node.loader.image().topicsByName.has('v')));
    expect({ epochs: epochs(), leaders: leaders(), controller: loader.image().controllerId }).toEqual(before);
    for (const { node, store } of nodes) {
      await node.stop();
      await store.close();
    }
  }, 60_000);
});

describeWithEtcd('an etcd with TLS and users', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ks-etcd-tls-'));
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    const fresh = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(...fresh, '-x509', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority', '-days', '2');
    openssl(
      ...fresh,
      '-keyout',
      'key.pem',
      '-out',
      'request.pem',
      '-subj',
      '/CN=root',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    );
    const sign = ['x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(...sign, '-copy_extensions', 'copy', '-out', 'certificate.pem', '-days', '2');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const pem = (name: string) => readFileSync(join(folder, name));

  test('is talked to over TLS with certificates of both sides; a stranger and plain text get nothing', async () => {
    const paths = { ca: 'ca.pem', certificate: 'certificate.pem', key: 'key.pem' };
    const [ca, certificate, key] = Object.values(paths).map((name) => join(folder, name));
    if (ca === undefined || certificate === undefined || key === undefined) throw new Error('no certificates');
    await using etcd = await startEtcd({ tls: { ca, certificate, key, mutual: true } });
    const options = { hosts: etcd.hosts, prefix: '/ks/tls/', clock, openTimeoutMs: 500 };
    const rootCertificate = pem(paths.ca);
    const tls = { rootCertificate, certChain: pem(paths.certificate), privateKey: pem(paths.key) };
    const store = await openEtcdMetadataStore({ ...options, tls, openTimeoutMs: 5000 });
    expect((await store.commit({ conditions: [], operations: [put('a', '1')] })).status).toBe('ok');
    expect((await store.lease(3000)).deadlineMs()).toBeGreaterThan(clock.monotonicMs());
    await store.close();
    await expect(openEtcdMetadataStore({ ...options, tls: { rootCertificate } })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await expect(openEtcdMetadataStore(options)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('lets a user in who may use the prefix, and refuses others in one clear line', async () => {
    await using etcd = await startEtcd();
    for (const line of [
      'user add root:r00t',
      'user grant-role root root',
      'role add ks',
      'role grant-permission ks readwrite --prefix=true /ks/mine/',
      'user add ks:s3cret',
      'user grant-role ks ks',
      'auth enable',
    ]) {
      etcd.control(...line.split(' '));
    }
    const open = (prefix: string, user?: { readonly name: string; readonly password: string }) =>
      openEtcdMetadataStore({ hosts: etcd.hosts, prefix, clock, ...(user === undefined ? {} : { user }) });
    const user = { name: 'ks', password: 's3cret' };
    const store = await open('/ks/mine/', user);
    const lease = await store.lease(3000);
    const operations = [{ ...put('live/1', 'x'), leaseId: lease.id }];
    expect((await store.commit({ conditions: [], operations })).status).toBe('ok');
    const end = new AbortController();
    for await (const { changes } of store.watch('', 1, end.signal)) {
      expect(changes[0]?.key).toBe('live/1');
      end.abort();
    }
    await lease.revoke();
    await store.close();
    await expect(open('/ks/mine/', { ...user, password: 'wrong' })).rejects.toThrow('user or password are wrong');
    await expect(open('/ks/other/', user)).rejects.toThrow('may not read and write the prefix');
    await expect(open('/ks/mine/')).rejects.toThrow('metadata.store.user');
  });
});
