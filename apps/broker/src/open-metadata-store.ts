import type { EtcdMetadataStoreOptions } from './adapters/etcd-metadata-store.ts';
import { createNodeFiles } from './adapters/node-files.ts';
import { openSqliteMetadataStore } from './adapters/sqlite-metadata-store.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import type { MetadataStoreLocation, MetadataStoreValues } from './config/metadata-store.ts';
import type { Clock } from './ports/clock.ts';
import type { MetadataStore } from './ports/metadata-store.ts';
import { StartError } from './start-error.ts';

/** What opening the metadata store needs. */
export interface OpenMetadataStoreOptions {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  /** Of the embedded store: where it lies; undefined: in memory. */
  readonly directory: string | undefined;
}

/**
 * Opens the store that `metadata.store` names. What talks to etcd is loaded only where it is asked for.
 * @throws MetadataStoreError, StartError (a certificate that cannot be read)
 */
export async function openMetadataStore({
  config,
  clock,
  directory,
}: OpenMetadataStoreOptions): Promise<MetadataStore> {
  const { metadataStore, values } = config;
  if (metadataStore.type === 'embedded') {
    return openSqliteMetadataStore({ path: directory === undefined ? ':memory:' : `${directory}/metadata.sqlite` });
  }
  const { openEtcdMetadataStore } = await import('./adapters/etcd-metadata-store.ts');
  const { hosts, clusterName } = metadataStore;
  const tls = await readCertificates(metadataStore, values);
  const name = values['metadata.store.user'];
  const secret = values['metadata.store.password'];
  return openEtcdMetadataStore({
    ...{ hosts, prefix: `/ks/${clusterName}/`, clock },
    ...(tls === undefined ? {} : { tls }),
    ...(name === null || secret === null ? {} : { user: { name, password: secret } }),
  });
}

async function readCertificates(
  location: MetadataStoreLocation,
  values: MetadataStoreValues,
): Promise<EtcdMetadataStoreOptions['tls']> {
  if (location.type !== 'etcd' || !location.isEncrypted) return undefined;
  const read = async (key: 'metadata.store.tls.ca' | 'metadata.store.tls.certificate' | 'metadata.store.tls.key') => {
    const path = values[key];
    return path === null ? undefined : readPem(key, path);
  };
  const rootCertificate = await read('metadata.store.tls.ca');
  const certChain = await read('metadata.store.tls.certificate');
  const privateKey = await read('metadata.store.tls.key');
  return {
    ...(rootCertificate === undefined ? {} : { rootCertificate }),
    ...(certChain === undefined ? {} : { certChain }),
    ...(privateKey === undefined ? {} : { privateKey }),
  };
}

async function readPem(key: string, path: string): Promise<Buffer> {
  try {
    return Buffer.from(await createNodeFiles().readFile(path));
  } catch (error) {
    throw new StartError(
      `${key}: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}
