import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { runCommand } from '../processes/run-command.ts';

/** A place where processes run: a machine of its own as far as the network is concerned, or this one. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** What has to be run for `command` to run there; it keeps the process id. */
  command(command: string, args: readonly string[]): readonly [string, readonly string[]];
}

/** Names the side of the tests themselves, and of all clients. */
export const CLIENTS = 'clients';

/** From one host to another. */
export type Way = readonly [from: string, to: string];

/** Hosts that can be cut off from each other. */
export interface PrivateNetwork extends AsyncDisposable {
  /** Whether ways between hosts can be cut here. */
  readonly canCut: boolean;
  host(name: string): Host;
  /**
   * From now on nothing that the first of each pair sends reaches the second; neither is told. All at about one time: where some ways
   * were cut much later than others, leases would run out in between.
   */
  cut(ways: readonly Way[]): Promise<void>;
  /** Mends all cuts. */
  mend(): Promise<void>;
}

/** Why network namespaces cannot be had here; undefined where they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  const probe = `ksp${process.pid}`;
  try {
    if (spawnSync('ip', ['netns', 'add', probe]).status !== 0) return 'ip netns does not work';
    const pair = ['link', 'add', `${probe}a`, 'type', 'veth', 'peer', 'name', `${probe}b`, 'netns', probe];
    if (spawnSync('ip', pair).status !== 0) return 'no veth';
    if (spawnSync('ip', ['link', 'add', `${probe}c`, 'type', 'bridge']).status !== 0) return 'no bridge';
    return undefined;
  } finally {
    for (const link of ['a', 'c']) spawnSync('ip', ['link', 'del', `${probe}${link}`]);
    spawnSync('ip', ['netns', 'del', probe]);
  }
}

/** This machine's loopback for everybody: nothing can be cut. */
export function loopbackNetwork(): PrivateNetwork {
  const refuse = (): Promise<void> => Promise.reject(new Error('nothing can be cut on a loopback network'));
  return {
    canCut: false,
    host: (name) => ({ name, address: '127.0.0.1', command: (command, args) => [command, args] }),
    cut: refuse,
    mend: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Station {
  readonly host: Host;
  readonly mac: string;
  /** Its namespace and device, as `ip` takes them; the tests' side has no namespace. */
  readonly namespace: readonly string[];
  readonly device: string;
}

/** A hardware address that nobody has: what is sent there is lost without a word. */
const NOBODY = '02:6b:73:ff:ff:ff';

/**
 * A bridge with one network namespace for each name, and the tests' own side on the bridge. A way is cut by the sender's entry for its
 * neighbour: the packets leave, and nobody takes them, as behind a broken switch. Root only; see {@link whyNoNamespaces}.
 */
export async function namespaceNetwork(names: readonly string[]): Promise<PrivateNetwork> {
  const id = `ks${process.pid}`;
  const subnet = freeSubnet();
  const bridge = `${id}br`;
  const stations = new Map<string, Station>();
  const station = (name: string, at: number, namespace: readonly string[], device: string): Station => {
    const isHere = namespace.length === 0;
    const host: Host = {
      name,
      address: `${subnet}.${at}`,
      command: (command, args) =>
        isHere ? [command, args] : ['ip', ['netns', 'exec', `${id}${name}`, command, ...args]],
    };
    return { host, mac: `02:6b:73:00:00:${at.toString(16).padStart(2, '0')}`, namespace, device };
  };
  stations.set(CLIENTS, station(CLIENTS, 254, [], bridge));
  for (const [index, name] of names.entries()) {
    stations.set(name, station(name, index + 1, ['-n', `${id}${name}`], 'eth0'));
  }
  const known = (name: string): Station => {
    const found = stations.get(name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  };
  /** What a host takes for the hardware addresses of others, in one go for each host. */
  const neighbours = async (ways: readonly Way[], macOf: (to: Station) => string): Promise<void> => {
    const byHost = Map.groupBy(ways, ([from]) => from);
    await Promise.all(
      [...byHost].map(([name, all]) => {
        const from = known(name);
        const lines = all.map(([, to]) => {
          const { host } = known(to);
          return `neigh replace ${host.address} lladdr ${macOf(known(to))} dev ${from.device} nud permanent\n`;
        });
        return runCommand('ip', [...from.namespace, '-batch', '-'], { input: lines.join('') });
      }),
    );
  };
  const remove = async (): Promise<void> => {
    for (const name of names) await ip('netns', 'del', `${id}${name}`).catch(() => undefined);
    await ip('link', 'del', bridge).catch(() => undefined);
  };
  const mend = (): Promise<void> => {
    const all = [...stations.keys()];
    const ways = all.flatMap((from) => all.filter((to) => to !== from).map((to): Way => [from, to]));
    return neighbours(ways, ({ mac }) => mac);
  };
  try {
    await ip('link', 'add', bridge, 'address', known(CLIENTS).mac, 'type', 'bridge');
    await ip('addr', 'add', `${known(CLIENTS).host.address}/24`, 'dev', bridge);
    await ip('link', 'set', bridge, 'up');
    for (const [index, name] of names.entries()) {
      const { host, mac, namespace, device } = known(name);
      const port = `${id}p${index}`;
      await ip('netns', 'add', `${id}${name}`);
      await ip(
        ...['link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'address', mac, 'netns', `${id}${name}`],
      );
      await ip('link', 'set', port, 'master', bridge, 'up');
      await ip(...namespace, 'addr', 'add', `${host.address}/24`, 'dev', device);
      for (const each of ['lo', device]) await ip(...namespace, 'link', 'set', each, 'up');
    }
    await mend();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    canCut: true,
    host: (name) => known(name).host,
    cut: (ways) => neighbours(ways, () => NOBODY),
    mend,
    [Symbol.asyncDispose]: remove,
  };
}

const ip = (...args: readonly string[]) => runCommand('ip', args);

/** Of the addresses that are set aside for tests of networks (RFC 2544), a network that this machine is not in. */
function freeSubnet(): string {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((each) => each?.address.split('.').slice(0, 3).join('.')),
  );
  for (let at = process.pid % 256, tries = 0; tries < 256; at = (at + 1) % 256, tries += 1) {
    if (!taken.has(`198.18.${at}`)) return `198.18.${at}`;
  }
  throw new Error('every network of 198.18.0.0/16 is taken');
}
