import type { Validator } from './config-def.ts';

/** Where the cluster's metadata is. */
export type MetadataStoreLocation =
  /** Beside the data, for one process. */
  | { readonly type: 'embedded' }
  | {
      readonly type: 'etcd';
      /** `host:port` of each member. */
      readonly hosts: readonly string[];
      /** Tells clusters in one etcd apart. */
      readonly clusterName: string;
      readonly isEncrypted: boolean;
    };

/** What of the configuration concerns the metadata store. */
export interface MetadataStoreValues {
  readonly 'metadata.store': string;
  readonly 'metadata.store.user': string | null;
  readonly 'metadata.store.password': string | null;
  readonly 'metadata.store.tls.ca': string | null;
  readonly 'metadata.store.tls.certificate': string | null;
  readonly 'metadata.store.tls.key': string | null;
}

const host = String.raw`(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):\d{1,5}`;
const form = new RegExp(`^(etcds?)://(${host}(?:,${host})*)(?:/([A-Za-z0-9._-]{1,249})?)?$`);
const DEFAULT_CLUSTER_NAME = 'default';

/** `embedded`, `etcd://host:port,host:port/cluster` or `etcds://…`; undefined where the text is none of them. */
export function parseMetadataStore(text: string): MetadataStoreLocation | undefined {
  if (text === 'embedded') return { type: 'embedded' };
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, scheme, members = '', clusterName = DEFAULT_CLUSTER_NAME] = match;
  const hosts = [...new Set(members.split(','))];
  const isPort = (each: string) => Number(each.slice(each.lastIndexOf(':') + 1)) <= 65535;
  return hosts.every(isPort) ? { type: 'etcd', hosts, clusterName, isEncrypted: scheme === 'etcds' } : undefined;
}

/** What `metadata.store` may be. */
export const metadataStoreText: Validator<string> = {
  allowed: 'embedded, etcd://host:port,host:port/cluster, or etcds:// with TLS',
  accepts: (text) => parseMetadataStore(text) !== undefined,
};

/** What only several of the keys together can have wrong, one line each. */
export function metadataStoreFaults(values: MetadataStoreValues): readonly string[] {
  const location = parseMetadataStore(values['metadata.store']);
  const isGiven = (name: keyof MetadataStoreValues) => values[name] !== null;
  const faults: string[] = [];
  const tlsKeys = ['metadata.store.tls.ca', 'metadata.store.tls.certificate', 'metadata.store.tls.key'] as const;
  const isEncrypted = location?.type === 'etcd' && location.isEncrypted;
  for (const name of tlsKeys) {
    if (isGiven(name) && !isEncrypted) faults.push(`${name}: needs a metadata.store that begins with etcds://`);
  }
  if (isGiven('metadata.store.tls.certificate') !== isGiven('metadata.store.tls.key')) {
    faults.push('metadata.store.tls.key: must be given together with metadata.store.tls.certificate');
  }
  if (isGiven('metadata.store.tls.certificate') && !isGiven('metadata.store.tls.ca')) {
    faults.push('metadata.store.tls.ca: must be given where a certificate is shown');
  }
  if (isGiven('metadata.store.user') !== isGiven('metadata.store.password')) {
    faults.push('metadata.store.user: must be given together with metadata.store.password');
  }
  return faults;
}
