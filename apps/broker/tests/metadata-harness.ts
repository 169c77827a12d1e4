import { type BrokerConfig, brokerConfigOf } from '../src/config/broker-config.ts';
import type { FeatureRanges } from '../src/core/metadata/features.ts';
import type { ClusterImage } from '../src/core/metadata/image.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Logger } from '../src/ports/logger.ts';
import type { MetadataStore } from '../src/ports/metadata-store.ts';
import type { Metrics } from '../src/ports/metrics.ts';
import type { Random } from '../src/ports/random.ts';
import { type BrokerRegistration, ensureCluster, registerBroker } from '../src/runtime/broker-registration.ts';
import { type ClusterAdmin, ControllerClusterAdmin } from '../src/runtime/cluster-admin.ts';
import { type ConfigAdmin, ControllerConfigAdmin } from '../src/runtime/config-admin.ts';
import { MetadataController } from '../src/runtime/metadata-controller.ts';
import { MetadataLoader } from '../src/runtime/metadata-loader.ts';
import type { TopicAdmin } from '../src/runtime/topic-admin.ts';
import { ControllerTopicAdmin } from '../src/runtime/topic-admin-controller.ts';
import { electionRules, preferredLeadersEveryMs } from '../src/runtime/topic-admin-rules.ts';

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
  collected() {}
}

export interface MetadataNodeOptions {
  readonly store: MetadataStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly brokerId?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly previousBrokerEpoch?: number;
  readonly host?: string;
  /** Of the directories whose locks it holds. */
  readonly logDirIds?: readonly string[];
  readonly leaseTtlMs?: number;
  /** Feature levels that its release knows; default this one's. */
  readonly features?: FeatureRanges;
}

/** The metadata side of one broker, wired as broker.ts wires it, without the rest of the broker. */
export interface MetadataNode {
  readonly brokerId: number;
  readonly registration: BrokerRegistration;
  readonly config: BrokerConfig;
  readonly loader: MetadataLoader;
  readonly controller: MetadataController;
  readonly admin: TopicAdmin;
  readonly configs: ConfigAdmin;
  readonly cluster: ClusterAdmin;
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
  const description = {
    brokerId,
    endpoints: [{ listenerName: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId }],
    rack: null,
    host: options.host ?? `host-${brokerId}`,
    logDirIds: options.logDirIds ?? [],
    previousBrokerEpoch: options.previousBrokerEpoch ?? -1,
    leaseTtlMs: options.leaseTtlMs ?? 9000,
    ...(options.features === undefined ? {} : { features: options.features }),
  };
  const registration = await registerBroker(store, random, description, {
    ...{ clock, logger: log, failed: (error: Error) => void failures.push(error) },
  });
  const controller = new MetadataController({
    ...{ store, brokerId, clock, logger: log, metrics },
    standForController: () => registration.standForController(),
    electionRulesOf: electionRules(config, brokerId),
    preferredLeadersEveryMs: preferredLeadersEveryMs(config),
  });
  await controller.settleBirths();
  const images: ClusterImage[] = [];
  const loader = new MetadataLoader({ store, clock, logger: log, failed: (error) => failures.push(error) });
  loader.subscribe((_previous, next) => void images.push(next));
  loader.subscribe((_previous, next) => registration.applyImage(next));
  loader.observe((state) => controller.applyState(state));
  await loader.start();
  const services = { store, metadata: loader, brokerId, clock, logger: log, config };
  const admin = new ControllerTopicAdmin({ ...services, random });
  const configs = new ControllerConfigAdmin(services);
  const cluster = new ControllerClusterAdmin(services);
  const stop = async (how: 'clean' | 'crash' = 'clean') => {
    await loader.stop();
    await controller.stop();
    if (how === 'clean') await registration.end();
  };
  return {
    brokerId,
    registration,
    config,
    loader,
    controller,
    admin,
    configs,
    cluster,
    images,
    log,
    metrics,
    failures,
    stop,
  };
}
