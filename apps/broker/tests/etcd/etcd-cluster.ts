import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** Whether the etcd of the distribution is installed. */
export const haveEtcd = spawnSync('etcd', ['--version']).status === 0;

/** `describe`, visibly skipped where etcd is missing; under CI it runs, and fails. */
export const describeWithEtcd: ReturnType<typeof describe.skipIf> = describe.skipIf(
  !haveEtcd && process.env['CI'] !== 'true',
);

/** TLS of a test cluster: paths of PEM files. */
export interface EtcdTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Clients must show a certificate, too. */
  readonly mutual?: boolean;
}

export interface EtcdClusterOptions {
  /** Default 1. */
  readonly members?: number;
  readonly tls?: EtcdTls;
  /** More of etcd's flags, for every member. */
  readonly flags?: readonly string[];
}

/** A real etcd, of one or more processes, on free ports, with its data in a temporary folder. */
export interface EtcdCluster extends AsyncDisposable {
  /** `host:port` of each member. */
  readonly hosts: readonly string[];
  /** Ends a member's process as told (default: SIGKILL); its data stays. */
  kill(member: number, signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  signal(member: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Starts a member again that was killed. */
  restart(member: number): Promise<void>;
  /** Runs `etcdctl` against all members; what it printed. Throws where it fails. */
  control(...args: readonly string[]): string;
}

/** How often ports that somebody else was faster to take are replaced by others. */
const STARTS_MAX = 5;

/** Starts etcd. Settles when every member answers. */
export async function startEtcd(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt++) {
    const cluster = new LocalEtcd(options, await freePorts(2 * (options.members ?? 1)));
    try {
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      if (attempt === STARTS_MAX) throw error;
    }
  }
}

class LocalEtcd implements EtcdCluster {
  readonly #options: EtcdClusterOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ks-etcd-'));
  readonly #clientPorts: readonly number[];
  readonly #peerPorts: readonly number[];
  readonly #processes: (ChildProcess | undefined)[] = [];
  readonly #complaints: string[] = [];

  constructor(options: EtcdClusterOptions, ports: readonly number[]) {
    this.#options = options;
    this.#clientPorts = ports.filter((_, index) => index % 2 === 0);
    this.#peerPorts = ports.filter((_, index) => index % 2 === 1);
  }

  get hosts(): readonly string[] {
    return this.#clientPorts.map((port) => `127.0.0.1:${port}`);
  }

  async start(): Promise<void> {
    for (const member of this.#clientPorts.keys()) this.#spawn(member, 'new');
    for (const member of this.#clientPorts.keys()) await this.#answers(member);
  }

  async kill(member: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes[member];
    if (child === undefined) return;
    this.#processes[member] = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  signal(member: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#processes[member]?.kill(signal);
  }

  async restart(member: number): Promise<void> {
    this.#spawn(member, 'existing');
    const isAlone = this.#processes.filter((each) => each !== undefined).length * 2 <= this.#clientPorts.length;
    if (!isAlone) await this.#answers(member);
  }

  control(...args: readonly string[]): string {
    const run = spawnSync('etcdctl', [...this.#controlFlags(this.hosts), ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clientPorts.map((_, member) => this.kill(member)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(member: number, state: 'new' | 'existing'): void {
    const { tls, flags = [] } = this.#options;
    const scheme = tls === undefined ? 'http' : 'https';
    const client = `${scheme}://127.0.0.1:${this.#clientPorts[member]}`;
    const peer = `http://127.0.0.1:${this.#peerPorts[member]}`;
    const child = spawn(
      'etcd',
      [
        ...['--name', `m${member}`, '--data-dir', join(this.#folder, `m${member}`), '--log-level', 'error'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', this.#peerPorts.map((port, index) => `m${index}=http://127.0.0.1:${port}`).join(',')],
        ...['--initial-cluster-state', state, '--heartbeat-interval', '20', '--election-timeout', '200'],
        ...(tls === undefined ? [] : ['--cert-file', tls.certificate, '--key-file', tls.key]),
        ...(tls?.mutual === true ? ['--client-cert-auth', '--trusted-ca-file', tls.ca] : []),
        ...flags,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.#complaints.length < 100) this.#complaints.push(text);
    });
    this.#processes[member] = child;
  }

  /** Asks by the command line, so that the adapter under test is not its own witness. */
  async #answers(member: number): Promise<void> {
    const [host] = this.hosts.slice(member, member + 1);
    for (let attempt = 0; attempt < 100; attempt++) {
      const child = this.#processes[member];
      if (child === undefined || child.exitCode !== null) break;
      if ((await run('etcdctl', [...this.#controlFlags([host ?? '']), 'endpoint', 'health'])) === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`etcd did not start: ${this.#complaints.join('').slice(0, 2000)}`);
  }

  #controlFlags(hosts: readonly string[]): readonly string[] {
    const { tls } = this.#options;
    const certificates = tls === undefined ? [] : ['--cacert', tls.ca, '--cert', tls.certificate, '--key', tls.key];
    const scheme = tls === undefined ? 'http' : 'https';
    return [
      '--endpoints',
      hosts.map((host) => `${scheme}://${host}`).join(','),
      '--dial-timeout',
      '1s',
      ...certificates,
    ];
  }
}

function run(command: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ETCDCTL_API: '3' } });
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
