import { createCore } from '@ks/core-wasm';
import { createCodec, encodePlainRecordBatch, Fetch, type RequestInput } from '@ks/protocol';
import { createNodeRandom } from '../adapters/node-random.ts';
import { FetchSessionCache } from '../core/fetch-session/session-cache.ts';
import type { BrokerImage, ClusterImage, PartitionImage } from '../core/metadata/image.ts';
import { liveKey, partitionKey } from '../core/metadata/keys.ts';
import { type PartitionRecord, partitionFormat, partitionRecord, writeRecord } from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import { fetch } from '../handlers/fetch.ts';
import { exchange } from '../handlers/shared/exchange.test-support.ts';
import type { CollectedSamples, Labels, Metrics, Sample } from '../ports/metrics.ts';
import type { CommitResult, MetadataStore, StoreTransaction } from '../ports/metadata-store.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { silentMetrics } from '../silent-metrics.ts';
import { SimClock } from '../sim/sim-clock.ts';
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import { LogDirectory } from '../storage/log-directory.ts';
import { createLogEnvironment } from '../storage/log-environment.ts';
import { createRecordValidator } from '../storage/record-validator.ts';
import { BreakableFiles } from './breakable-files.test-support.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import { createReplicaManager, defaultReplicationSettings } from './create-replica-manager.ts';
import type { ReplicationRates } from './replication-throttle.ts';
import type { TopicSettings } from './topic-settings.ts';
import type { AppendResult, HostedPartition, ReplicaHost } from './replica-manager.ts';
import { appendRequest, idOf, imageOf, partitionImage, silentLogger, topicImage } from './replicas.test-support.ts';

export const TOPIC_ID = idOf('Q');
export const LAG_MAX_MS = 1000;
/** For what is encoded and checked; each broker's log memory is its own. */
const core = createCore({ memoryBytes: 4 * 1024 * 1024 });
const codec = createCodec(core);

export interface RigOptions {
  readonly config?: Partial<LogConfig>;
  readonly minInsyncReplicas?: number;
  /** Where the brokers stand; consumers are sent to the nearest then. */
  readonly racks?: readonly string[];
  /** Bytes a second that throttled replicas are sent, and fetch. */
  readonly rates?: ReplicationRates;
  /** Which are throttled. */
  readonly throttled?: Pick<TopicSettings, 'leaderThrottled' | 'followerThrottled'>;
}

interface Member {
  readonly files: BreakableFiles;
  replicas: ReplicaHost;
  fetchSessions: FetchSessionCache;
  directory: LogDirectory | undefined;
  brokerEpoch: number;
  isFenced: boolean;
}

/** Several replica managers over real storage in memory; what is between them, and what the store says, is the test's. */
export class ReplicationRig {
  readonly clock = new SimClock();
  readonly members = new Map<number, Member>();
  readonly config: LogConfig;
  readonly minInsyncReplicas: number;
  readonly #racks: readonly string[];
  rates: ReplicationRates | undefined;
  readonly #throttled: RigOptions['throttled'];
  /** Brokers that nobody reaches, and that reach nobody. */
  readonly cutOff = new Set<number>();
  /** The store: partition records by index, with their revisions. */
  partitions: PartitionImage[] = [];
  revision = 100;
  /** What becomes of the next commits, before it is `ok` again. */
  readonly commits: ('lost-applied' | 'lost')[] = [];
  /** Whether brokers hear of what is written. */
  isWatching = true;
  #delivering: Promise<void> = Promise.resolve();

  constructor(options: RigOptions = {}) {
    this.config = { ...defaultLogConfig, ...options.config };
    this.minInsyncReplicas = options.minInsyncReplicas ?? 1;
    this.#racks = options.racks ?? [];
    this.rates = options.rates;
    this.#throttled = options.throttled;
  }

  /** Brokers 1, 2, …; every partition on all of them, led by the first. */
  static async of(brokerCount: number, partitionCount = 1, options: RigOptions = {}): Promise<ReplicationRig> {
    const rig = new ReplicationRig(options);
    const ids = Array.from({ length: brokerCount }, (_, index) => index + 1);
    rig.partitions = Array.from({ length: partitionCount }, (_, partitionIndex) =>
      partitionImage({ partitionIndex, replicas: ids, isr: ids, leader: 1, modRevision: rig.revision }),
    );
    for (const id of ids) rig.members.set(id, rig.#member(id));
    for (const id of ids) await rig.boot(id);
    await rig.deliver();
    return rig;
  }

  #member(brokerId: number): Member {
    const files = new BreakableFiles();
    const [replicas, fetchSessions] = [this.#compose(brokerId), sessionCache()];
    return { files, replicas, fetchSessions, directory: undefined, brokerEpoch: brokerId, isFenced: false };
  }

  #compose(brokerId: number): ReplicaHost {
    const replicas = createReplicaManager({
      brokerId,
      clock: this.clock,
      logger: silentLogger,
      validator: createRecordValidator(core, codec),
      settingsOf: () => ({ log: this.config, minInsyncReplicas: this.minInsyncReplicas, ...this.#throttled }),
      replicationRates: () => this.rates ?? { leader: undefined, follower: undefined },
      metrics: this.#metricsOf(brokerId),
      replication: { ...defaultReplicationSettings, lagTimeMaxMs: LAG_MAX_MS, selectsByRack: this.#racks.length > 0 },
    });
    const registration = () => {
      const { brokerEpoch } = this.member(brokerId);
      return { brokerEpoch, isFenced: () => this.member(brokerId).isFenced };
    };
    replicas.replicate({ channels: this.#channelsOf(brokerId), store: this.#store(), registration });
    return replicas;
  }

  /** What monitoring sees of a broker: a metric's value, by name and labels. */
  metric(brokerId: number, name: string, labels: Labels = {}): number | undefined {
    const isIt = (sample: Sample) => JSON.stringify(sample.labels) === JSON.stringify(labels);
    return this.#collectors.get(`${brokerId}/${name}`)?.()[name]?.find(isIt)?.value;
  }
  readonly #collectors = new Map<string, () => CollectedSamples>();

  #metricsOf(brokerId: number): Metrics {
    const metrics: Metrics = {
      ...silentMetrics,
      collected: (families, collect) => {
        for (const { name } of families) this.#collectors.set(`${brokerId}/${name}`, collect as () => CollectedSamples);
      },
    };
    return metrics;
  }

  async boot(brokerId: number): Promise<void> {
    const member = this.member(brokerId);
    const { clock } = this;
    const environment = createLogEnvironment({
      ...{ files: member.files, clock, random: createNodeRandom(), codec, logger: silentLogger },
      core: createCore({ memoryBytes: 4 * 1024 * 1024 }),
      tailBudgetBytes: 1024 * 1024,
    });
    const { hooks } = member.replicas;
    const directory = await LogDirectory.acquire({ path: '/data', environment, configOf: () => this.config, hooks });
    await directory.identify({ clusterId: 'cluster', nodeId: brokerId });
    await directory.loadLogs();
    member.directory = directory;
    member.replicas.start([directory]);
  }

  /** Stops the broker in order and starts it again with a new epoch. */
  async restart(brokerId: number): Promise<void> {
    const member = this.member(brokerId);
    await this.settle(member.replicas.stop(member.brokerEpoch));
    member.brokerEpoch = ++this.revision;
    member.replicas = this.#compose(brokerId);
    member.fetchSessions = sessionCache();
    await this.boot(brokerId);
    await this.deliver();
  }

  member(brokerId: number): Member {
    const member = this.members.get(brokerId);
    if (member === undefined) throw new Error(`no broker ${brokerId}`);
    return member;
  }

  hosted(brokerId: number, index = 0): HostedPartition {
    const partition = this.member(brokerId).replicas.partition('orders', index);
    if (partition === undefined) throw new Error(`broker ${brokerId} hosts nothing`);
    return partition;
  }

  get isr(): readonly number[] {
    return this.partitions[0]?.isr ?? [];
  }

  /** The controller's word: changes a partition's record. */
  async elect(change: Partial<PartitionRecord>, index = 0): Promise<void> {
    const from = this.partitions[index];
    if (from === undefined) throw new Error('no such partition');
    const leaderEpoch = from.leaderEpoch + 1;
    const to = { ...from, leaderEpoch, partitionEpoch: from.partitionEpoch + 1, ...change };
    this.partitions[index] = { ...to, modRevision: ++this.revision };
    await this.deliver();
  }

  /** Every broker hears of the store as it is now. */
  async deliver(to: Iterable<number> = this.members.keys()): Promise<void> {
    const image = this.image();
    await this.settle(Promise.all([...to].map((id) => this.member(id).replicas.applyImage(undefined, image))));
  }

  image(): ClusterImage {
    const brokers = new Map(
      [...this.members].map(([brokerId, { brokerEpoch }]) => [
        brokerId,
        alive(brokerId, brokerEpoch, this.#racks[brokerId - 1] ?? null),
      ]),
    );
    return imageOf([topicImage('orders', TOPIC_ID, this.partitions)], { brokers, revision: this.revision });
  }

  /** Appends one batch of a record for each value. */
  async append(
    brokerId: number,
    values: readonly string[],
    over: { acks?: -1 | 0 | 1; timeoutMs?: number; partitionIndex?: number } = {},
  ): Promise<AppendResult | undefined> {
    return (await this.settle(this.appending(brokerId, values, over)))[0];
  }

  appending(
    brokerId: number,
    values: readonly string[],
    {
      acks = -1,
      timeoutMs = 500,
      partitionIndex = 0,
    }: { acks?: -1 | 0 | 1; timeoutMs?: number; partitionIndex?: number } = {},
  ): Promise<readonly AppendResult[]> {
    const value = (text: string) => ({
      timestamp: this.clock.wallMs(),
      key: null,
      value: new TextEncoder().encode(text),
    });
    const records = encodePlainRecordBatch(values.map(value), { checksum: core });
    const partitions = [{ topic: 'orders', topicId: TOPIC_ID, partitionIndex, records }];
    return this.member(brokerId).replicas.append({ ...appendRequest([]), acks, timeoutMs, partitions }).completion;
  }

  /** All that a broker's log holds, byte for byte. */
  async bytesOf(brokerId: number, index = 0): Promise<Uint8Array> {
    const { log } = this.hosted(brokerId, index);
    const all: Uint8Array[] = [];
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const read = await this.settle(
        Promise.resolve(log.read(offset, 1_000_000, log.logEndOffset, { minOneBatch: true })),
      );
      if (read.type !== 'records' || read.nextOffset === offset) throw new Error('the log cannot be read');
      all.push(await this.settle(bytesOfParts(read.parts)));
      offset = read.nextOffset;
    }
    return Uint8Array.from(all.flatMap((bytes) => [...bytes]));
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Lets time pass until `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < 3000; turn++) {
      if (condition()) return;
      await this.clock.advance(2);
    }
    throw new Error('it never came to that');
  }

  async settle<T>(answer: Promise<T>): Promise<T> {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    answer.then(mark, mark);
    for (let turn = 0; !isDone && turn < 5000; turn++) await this.clock.advance(1);
    return answer;
  }

  async stop(): Promise<void> {
    for (const { replicas, brokerEpoch } of this.members.values()) await this.settle(replicas.stop(brokerEpoch));
  }

  #store(): MetadataStore {
    const store: Partial<MetadataStore> = {
      commit: (transaction) => this.#commit(transaction),
      read: async (key) => ({ entries: this.#entry(key), revision: this.revision }),
    };
    return store as MetadataStore;
  }

  #entry(key: string) {
    const found = this.partitions.find((each) => partitionKey(TOPIC_ID, each.partitionIndex) === key);
    if (found === undefined) return [];
    const { modRevision } = found;
    return [{ key, value: writeRecord(partitionRecord(found)), createRevision: 1, modRevision }];
  }

  async #commit({ conditions, operations }: StoreTransaction): Promise<CommitResult> {
    await new Promise<void>((resolve) => void this.clock.setTimer(1, resolve));
    const fate = this.commits.shift();
    if (fate === 'lost') return { status: 'unknown' };
    const holds = conditions.every((condition) => {
      if ('modRevision' in condition) return this.#entry(condition.key)[0]?.modRevision === condition.modRevision;
      const member = [...this.members].find(([id]) => liveKey(id) === condition.key)?.[1];
      return member?.brokerEpoch === condition.createRevision;
    });
    if (!holds) return { status: 'conflict' };
    for (const operation of operations) {
      if (operation.type !== 'put') continue;
      const index = this.partitions.findIndex((each) => partitionKey(TOPIC_ID, each.partitionIndex) === operation.key);
      const record = readRecord(operation.key, operation.value, partitionFormat);
      this.partitions[index] = { partitionIndex: index, ...record, modRevision: ++this.revision };
    }
    if (this.isWatching) this.clock.setTimer(1, () => void this.#watchers());
    return fate === 'lost-applied' ? { status: 'unknown' } : { status: 'ok', revision: this.revision };
  }

  #watchers(): Promise<void> {
    const image = this.image();
    this.#delivering = this.#delivering.then(async () => {
      await Promise.all([...this.members.values()].map(({ replicas }) => replicas.applyImage(undefined, image)));
    });
    return this.#delivering;
  }

  #channelsOf(from: number): BrokerChannels {
    const send = async (
      brokerId: number,
      _lane: string,
      _api: unknown,
      request: RequestInput<typeof Fetch>,
      options: { readonly signal?: AbortSignal | undefined },
    ) => {
      await new Promise<void>((resolve) => void this.clock.setTimer(1, resolve));
      const isGone = (): boolean => this.cutOff.has(from) || this.cutOff.has(brokerId);
      if (isGone()) throw new ChannelError('unreachable', brokerId, 'cut off');
      const signal = options.signal ?? new AbortController().signal;
      const { replicas, fetchSessions } = this.member(brokerId);
      const broker = { replicas, fetchSessions, clock: this.clock };
      const response = await exchange(fetch, Fetch, request, { version: 18, broker, signal, now: this.clock.now() });
      if (isGone()) throw new ChannelError('closed', brokerId, 'cut off');
      return response;
    };
    return { send } as unknown as BrokerChannels;
  }
}

function sessionCache(): FetchSessionCache {
  return new FetchSessionCache({
    slotsMax: 100,
    partitionsMax: 1000,
    random: (bound) => Math.floor(Math.random() * bound),
  });
}

function alive(brokerId: number, brokerEpoch: number, rack: string | null): BrokerImage {
  const [endpoints, host] = [[], `h${brokerId}`] as const;
  return {
    brokerId,
    brokerEpoch,
    fenced: false,
    inControlledShutdown: false,
    endpoints,
    rack,
    host,
    uncleanBirth: false,
  };
}
