import type { Core } from '@ks/core-wasm';
import type { Clock } from './ports/clock.ts';
import type { Codec } from './ports/codec.ts';
import type { DiskSpace } from './ports/disk-space.ts';
import type { Files } from './ports/files.ts';
import type { HttpEndpoint } from './ports/http-endpoint.ts';
import type { Logger } from './ports/logger.ts';
import type { MetadataStore } from './ports/metadata-store.ts';
import type { Metrics, MetricsExposition } from './ports/metrics.ts';
import type { Network } from './ports/network.ts';
import type { Random } from './ports/random.ts';

/** The world a broker runs in. */
export interface BrokerAdapters {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly network: Network;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What `ks.http.listener` shows of the metrics; without it there is nothing to show. */
  readonly exposition?: MetricsExposition;
  readonly http?: HttpEndpoint;
  readonly core: Core;
  readonly codec: Codec;
  /** Opens the metadata store: the embedded one lies in the directory. */
  openMetadataStore(directory: string): Promise<MetadataStore>;
  /** The name by which other machines reach this one; `localhost` where it has none that resolves. */
  readonly hostName: string;
  /** What tells this machine from others, so that replicas are kept apart. Default: `hostName`. */
  readonly machine?: string;
  /** Default: nothing is known of it. */
  readonly diskSpace?: DiskSpace;
  /** Files and sockets that the process may have open at a time. Default: no end. */
  readonly descriptorsMax?: number;
}
