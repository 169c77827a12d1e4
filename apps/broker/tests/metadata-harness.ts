import { type BrokerConfig, brokerConfigOf } from '../src/config/broker-config.ts';
import type { ClusterImage } from '../src/core/metadata/image.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Logger } from '../src/ports/logger.ts';
import type { MetadataStore } from '../src/ports/metadata-store.ts';
import type { Metrics } from '../src/ports/metrics.ts';
import type { Random } from '../src/ports/random.ts';
import { type BrokerRegistration, ensureCluster } from '../src/runtime/broker-registration.ts';
import type { MetadataController } from '../src/runtime/metadata-controller.ts';
import type { MetadataLoader } from '../src/runtime/metadata-loader.ts';
import { joinCluster } from '../src/runtime/metadata-services.ts';
import type { TopicAdmin } from '../src/runtime/topic-admin.ts';

/** A logger that keeps what was said, by level. */
export class KeptLog implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(): void {}
  warn(_fields: unknown, message: string): void {
    this.lines.push(`warn: ${message}`);
  }
  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.lines.push(`error: ${message} ${String(fields['error'] ?? '')}`);
  }
  child(): Logger {
    return this;
  }
}

/** Metrics that keep counters' sums, by name. */
export class KeptMetrics implements Metrics {
  readonly sums = new Map<string, number>();
  counter(name: string) {
    return { add: (amount: number) => void this.sums.set(name, (this.sums.get(name) ?? 0) + amount) };
  }
  gauge() {
    return { set() {} };
  }
  histogram() {
    return { observe() {} };
  }
}

export interface MetadataNodeOptions {
  readonly store: MetadataStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly brokerId?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly previousBrokerEpoch?: number;
  readonly host?: string;
}

/** The metadata side of one broker, wired as broker.ts wires it, without the rest of the broker. */
export interface MetadataNode {
  readonly brokerId: number;
  readonly registration: BrokerRegistration;
  readonly config: BrokerConfig;
  readonly loader: MetadataLoader;
  readonly controller: MetadataController;
  readonly admin: TopicAdmin;
  readonly images: ClusterImage[];
  readonly log: KeptLog;
  readonly metrics: KeptMetrics;
  readonly failures: Error[];
  /** Ends everything; a clean stop gives up the registration too. */
  stop(how?: 'clean' | 'crash'): Promise<void>;
}

/** Registers, elects, and follows. */
export async function startMetadataNode(options: MetadataNodeOptions): Promise<MetadataNode> {
  const { store, clock, random, brokerId = 0 } = options;
  const { config } = brokerConfigOf(new Map(Object.entries({ 'node.id': String(brokerId), ...options.config })));
  const log = new KeptLog();
  const metrics = new KeptMetrics();
  await ensureCluster(store, random, { clusterId: undefined, features: new Map() });
  const failures: Error[] = [];
  const services = await joinCluster({
    store,
    config,
    broker: {
      brokerId,
      endpoints: [{ listenerName: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId }],
      rack: null,
      host: options.host ?? `host-${brokerId}`,
      logDirIds: [],
      previousBrokerEpoch: options.previousBrokerEpoch ?? -1,
      leaseTtlMs: 9000,
    },
    clock,
    random,
    logger: log,
    metrics,
    failed: (error) => failures.push(error),
  });
  const images: ClusterImage[] = [];
  services.subscribe((_previous, next) => void images.push(next));
  await services.follow();
  const { registration, loader, controller, topics: admin } = services;
  const stop = (how: 'clean' | 'crash' = 'clean') => (how === 'clean' ? services.leave() : services.stop());
  return { brokerId, registration, config, loader, controller, admin, images, log, metrics, failures, stop };
}
