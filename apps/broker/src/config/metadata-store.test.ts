import { describe, expect, test } from 'vitest';
import { brokerConfigOf } from './broker-config.ts';
import { parseMetadataStore } from './metadata-store.ts';

const faultsOf = (config: Readonly<Record<string, string>>): string => {
  try {
    brokerConfigOf(new Map(Object.entries(config)));
    return '';
  } catch (error) {
    return String(error);
  }
};

describe('metadata.store', () => {
  test('names the members of an etcd and the cluster in it', () => {
    const etcd = { type: 'etcd', isEncrypted: false };
    expect(parseMetadataStore('etcd://a:1,b.c-d:2,[::1]:3/prod')).toEqual({
      ...etcd,
      hosts: ['a:1', 'b.c-d:2', '[::1]:3'],
      clusterName: 'prod',
    });
    for (const text of ['etcd://a:1', 'etcd://a:1/']) {
      expect(parseMetadataStore(text)).toEqual({ ...etcd, hosts: ['a:1'], clusterName: 'default' });
    }
    expect(parseMetadataStore('etcds://a:1,a:1')).toMatchObject({ isEncrypted: true, hosts: ['a:1'] });
    expect(parseMetadataStore('embedded')).toEqual({ type: 'embedded' });
  });

  test('is refused where it is something else', () => {
    for (const text of ['etcd://', 'etcd://a', 'etcd://a:99999', 'http://a:1', 'etcd://a:1/b/c', 'etcd://a:1,', '']) {
      expect([text, faultsOf({ 'metadata.store': text })]).toEqual([text, expect.stringContaining('metadata.store')]);
    }
  });

  test('is refused where its keys do not go together', () => {
    const plain = 'etcd://a:1';
    const encrypted = 'etcds://a:1';
    expect(faultsOf({ 'metadata.store': plain, 'metadata.store.tls.ca': '/ca' })).toContain('etcds://');
    expect(faultsOf({ 'metadata.store.tls.ca': '/ca' })).toContain('etcds://');
    expect(faultsOf({ 'metadata.store': encrypted, 'metadata.store.tls.key': '/k' })).toContain('together');
    expect(faultsOf({ 'metadata.store': plain, 'metadata.store.user': 'u' })).toContain('metadata.store.password');
    const tls = {
      'metadata.store.tls.ca': '/ca',
      'metadata.store.tls.certificate': '/c',
      'metadata.store.tls.key': '/k',
    };
    expect(faultsOf({ 'metadata.store': encrypted, ...tls })).toBe('');
  });
});
