import { password, text } from '../config-def.ts';
import { metadataStoreText } from '../metadata-store.ts';

/** Where the cluster's metadata is. Kafka has no such keys: its controllers keep the metadata themselves. */
export const metadataStoreConfigs = {
  'metadata.store': text(
    'embedded',
    'Where the metadata is: `embedded` for one process, `etcd://host:port,host:port/cluster` for a cluster of several. ' +
      'All members of etcd are named; `cluster` tells clusters in one etcd apart and is `default` if absent. `etcds://`: with TLS.',
    { check: metadataStoreText },
  ),
  'metadata.store.user': text(null, 'User of etcd, where it has its authentication enabled.'),
  'metadata.store.password': password('Password of `metadata.store.user`.'),
  'metadata.store.tls.ca': text(
    null,
    "PEM file with the authority that signed etcd's certificates. Default: those that the system trusts.",
  ),
  'metadata.store.tls.certificate': text(null, 'PEM file with the certificate that this broker shows to etcd.'),
  'metadata.store.tls.key': text(null, 'PEM file with the key of `metadata.store.tls.certificate`.'),
} as const;
