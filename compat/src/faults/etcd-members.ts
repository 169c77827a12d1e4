import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import type { Host } from './private-network.ts';

/** An etcd of several members, each a process of its own on a host of its own. */
export interface EtcdMembers extends AsyncDisposable {
  /** As `metadata.store` names them behind `etcd://`. */
  readonly hosts: string;
  readonly count: number;
  /** Kills one. */
  kill(member: number): Promise<void>;
  /** Starts one that was killed, on its own data. */
  start(member: number): void;
  /** Stops or resumes the process of one. */
  signal(member: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Settles when every member answers, and sees a leader. */
  healthy(): Promise<void>;
}

/** Starts one member on each of the hosts, with their data below `directory`; settles when all are healthy. */
export async function startEtcdMembers(directory: string, hosts: readonly Host[]): Promise<EtcdMembers> {
  const places: { readonly host: Host; readonly client: string; readonly peer: string }[] = [];
  for (const host of hosts) {
    const [client, peer] = [await freePort(), await freePort()];
    places.push({ host, client: `${host.address}:${client}`, peer: `http://${host.address}:${peer}` });
  }
  const cluster = places.map(({ host, peer }) => `${host.name}=${peer}`).join(',');
  const processes = new Map<number, ChildProcess>();
  const start = (member: number): void => {
    const place = places[member];
    if (place === undefined) throw new RangeError(`there is no member ${member}`);
    const { host, client, peer } = place;
    const flags = [
      ...['--name', host.name, '--data-dir', join(directory, host.name), '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', cluster],
    ];
    const [command, args] = host.command('etcd', flags);
    processes.set(member, spawn(command, args, { stdio: 'ignore' }));
  };
  const kill = async (member: number): Promise<void> => {
    const child = processes.get(member);
    if (child === undefined) return;
    processes.delete(member);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const healthy = async (): Promise<void> => {
    const deadline = performance.now() + 60_000;
    for (const { client } of places) {
      while (!(await isHealthy(client))) {
        if (performance.now() > deadline) throw new Error(`etcd at ${client} is not healthy within a minute`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const stopAll = async (): Promise<void> => {
    for (const member of places.keys()) await kill(member);
  };
  for (const member of places.keys()) start(member);
  try {
    await healthy();
  } catch (error) {
    await stopAll();
    throw error;
  }
  return {
    hosts: places.map(({ client }) => client).join(','),
    count: places.length,
    kill,
    start,
    signal: (member, signal) => processes.get(member)?.kill(signal),
    healthy,
    [Symbol.asyncDispose]: stopAll,
  };
}

async function isHealthy(client: string): Promise<boolean> {
  return fetch(`http://${client}/health`, { signal: AbortSignal.timeout(2000) }).then(
    async (answer) => (await answer.text()).includes('"true"'),
    () => false,
  );
}
