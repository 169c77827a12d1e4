import { type KsProcess, startKsProcess } from '../ks-process.ts';
import { freePort } from '../processes/free-port.ts';
import { BrokerView, type PartitionView } from './cluster-view.ts';
import { type EtcdMembers, startEtcdMembers } from './etcd-members.ts';
import { type LogDisks, startLogDisks } from './log-disks.ts';
import { type Preloads, preparePreloads } from './preloads.ts';
import {
  loopbackNetwork,
  namespaceNetwork,
  type PrivateNetwork,
  type Way,
  whyNoNamespaces,
} from './private-network.ts';

/** How long the others wait for a broker that is gone. */
export const SESSION_MS = 2000;
/** Longest wait for all replicas to be in sync when a fault is over. */
const HEALING_MS = 90_000;

export const BROKER_IDS = [1, 2, 3] as const;
const ETCD_NAMES = ['etcd1', 'etcd2', 'etcd3'] as const;
export const brokerName = (brokerId: number): string => `broker${brokerId}`;

const replicated = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '6',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.num.partitions': '6',
  'broker.session.timeout.ms': String(SESSION_MS),
  'replica.lag.time.max.ms': '3000',
  // Leaders are spread again after each fault, or one broker would lead everything before long.
  'leader.imbalance.check.interval.seconds': '3',
  'ks.memory.bytes': '134217728',
};

/** What may be had on this machine. */
export interface FaultMeans {
  /** Ways can be cut. */
  readonly network: boolean;
  /** Disks of a size can be mounted. */
  readonly disks: boolean;
  /** fsync can be made slow. */
  readonly slowSync: boolean;
  /** Clocks can be set. */
  readonly clocks: boolean;
}

/** Three brokers and three members of etcd, with whatever can be broken about them. */
export class FaultCluster implements AsyncDisposable {
  readonly network: PrivateNetwork;
  readonly etcd: EtcdMembers;
  readonly disks: LogDisks;
  readonly preloads: Preloads;
  /** Promises that were seen broken while faults were on. */
  readonly broken: string[] = [];
  readonly startsMs: number[] = [];
  readonly #ports: ReadonlyMap<number, number>;
  readonly #config: Readonly<Record<string, string>>;
  readonly #brokers = new Map<number, KsProcess>();
  readonly #views = new Map<number, BrokerView>();

  private constructor(
    parts: Pick<FaultCluster, 'network' | 'etcd' | 'disks' | 'preloads'>,
    ports: ReadonlyMap<number, number>,
    config: Readonly<Record<string, string>>,
  ) {
    this.network = parts.network;
    this.etcd = parts.etcd;
    this.disks = parts.disks;
    this.preloads = parts.preloads;
    this.#ports = ports;
    this.#config = config;
    for (const brokerId of BROKER_IDS) this.#views.set(brokerId, new BrokerView(this.addressOf(brokerId)));
  }

  /** Starts everything with its files below `directory`; `config` holds broker keys on top of those of replication. */
  static async start(directory: string, config: Readonly<Record<string, string>> = {}): Promise<FaultCluster> {
    await using stack = new AsyncDisposableStack();
    const names = [...ETCD_NAMES, ...BROKER_IDS.map(brokerName)];
    const network = stack.use(whyNoNamespaces() === undefined ? await namespaceNetwork(names) : loopbackNetwork());
    const etcd = stack.use(await startEtcdMembers(directory, ETCD_NAMES.map(network.host)));
    const disks = stack.use(await startLogDisks(directory, BROKER_IDS.map(brokerName)));
    const preloads = await preparePreloads(directory, BROKER_IDS.map(brokerName));
    const ports = new Map<number, number>();
    for (const brokerId of BROKER_IDS) ports.set(brokerId, await freePort());
    const cluster = stack.use(new FaultCluster({ network, etcd, disks, preloads }, ports, config));
    await Promise.all(BROKER_IDS.map((brokerId) => cluster.startBroker(brokerId)));
    const kept = stack.move();
    cluster.#rest = kept;
    return cluster;
  }

  #rest: AsyncDisposableStack | undefined;

  get means(): FaultMeans {
    const { slowSync, clocks } = this.preloads;
    return { network: this.network.canCut, disks: this.disks.areBounded, slowSync, clocks };
  }

  addressOf(brokerId: number): string {
    return `${this.network.host(brokerName(brokerId)).address}:${this.#ports.get(brokerId)}`;
  }

  get bootstrap(): string {
    return BROKER_IDS.map((brokerId) => this.addressOf(brokerId)).join(',');
  }

  async startBroker(brokerId: number): Promise<void> {
    const from = performance.now();
    const name = brokerName(brokerId);
    const host = this.network.host(name);
    const own = { 'node.id': String(brokerId), 'metadata.store': `etcd://${this.etcd.hosts}/compat` };
    const config = { ...replicated, ...this.#config, ...own };
    const place = { address: host.address, command: host.command, env: this.preloads.environmentOf(name) };
    const port = this.#ports.get(brokerId) ?? 0;
    this.#brokers.set(brokerId, await startKsProcess(this.disks.folderOf(name), port, config, place));
    this.startsMs.push(performance.now() - from);
  }

  /** Ends a broker, if it still runs. */
  async endBroker(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const broker = this.#brokers.get(brokerId);
    this.#brokers.delete(brokerId);
    if (broker !== undefined && this.#isRunning(broker)) await broker.end(signal);
  }

  isRunning(brokerId: number): boolean {
    const broker = this.#brokers.get(brokerId);
    return broker !== undefined && this.#isRunning(broker);
  }

  signal(brokerId: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#brokers.get(brokerId)?.process.kill(signal);
  }

  /** What a broker has logged last. */
  printed(brokerId: number): string {
    return this.#brokers.get(brokerId)?.printed() ?? '';
  }

  /** Kills all brokers and starts them again. */
  async restartAll(): Promise<void> {
    await Promise.all(BROKER_IDS.map((brokerId) => this.endBroker(brokerId, 'SIGKILL')));
    await Promise.all(BROKER_IDS.map((brokerId) => this.startBroker(brokerId)));
  }

  /** All partitions as the broker of this id knows them. */
  partitions(brokerId: number): Promise<readonly PartitionView[] | undefined> {
    return this.#views.get(brokerId)?.partitions() ?? Promise.resolve(undefined);
  }

  /** Cuts both ways between each of some hosts and each of others. */
  async part(some: readonly string[], others: readonly string[]): Promise<void> {
    await this.network.cut(
      some.flatMap((one) =>
        others.flatMap((other): Way[] => [
          [one, other],
          [other, one],
        ]),
      ),
    );
  }

  /** Waits until every broker says that every partition has a leader and all its replicas in sync; else that is a broken promise. */
  async heal(after: string): Promise<void> {
    await this.network.mend();
    for (const brokerId of BROKER_IDS) if (!this.isRunning(brokerId)) await this.startBroker(brokerId);
    const deadline = performance.now() + HEALING_MS;
    let ill: readonly string[] = [];
    do {
      ill = (await Promise.all(BROKER_IDS.map((brokerId) => this.#complaints(brokerId)))).flat();
      if (ill.length === 0) return;
      await pause(100);
    } while (performance.now() < deadline);
    this.broken.push(`${after}: not healed after ${HEALING_MS} ms: ${ill.slice(0, 10).join('; ')}`);
  }

  async #complaints(brokerId: number): Promise<readonly string[]> {
    const partitions = await this.partitions(brokerId);
    if (partitions === undefined) return [`broker ${brokerId} does not answer`];
    return partitions
      .filter(({ leader, isr, replicas }) => leader < 0 || isr.length < replicas.length)
      .map(({ name, leader, isr }) => `broker ${brokerId}: ${name} is led by ${leader}, in sync are ${isr}`);
  }

  #isRunning({ process }: KsProcess): boolean {
    return process.exitCode === null && process.signalCode === null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#views.values()].map((view) => view.close()));
    for (const brokerId of BROKER_IDS) this.signal(brokerId, 'SIGCONT');
    await Promise.all(BROKER_IDS.map((brokerId) => this.endBroker(brokerId, 'SIGKILL')));
    const rest = this.#rest;
    this.#rest = undefined;
    await rest?.disposeAsync();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
