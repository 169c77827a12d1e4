import { afterAll, beforeAll } from 'vitest';
import { describeWithEtcd, type EtcdCluster, startEtcd } from '../../tests/etcd/etcd-cluster.ts';
import { metadataStoreContract } from '../../tests/metadata-store-contract.ts';
import { openEtcdMetadataStore } from './etcd-metadata-store.ts';
import { createNodeClock } from './node-clock.ts';

const clock = createNodeClock();

describeWithEtcd('etcd', () => {
  let etcd: EtcdCluster;
  let opened = 0;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());
  const open = () => openEtcdMetadataStore({ hosts: etcd.hosts, prefix: `/ks/test-${opened++}/`, clock });

  metadataStoreContract('a real etcd', open);
});
