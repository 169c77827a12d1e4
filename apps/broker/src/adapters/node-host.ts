import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';

/** This machine's name where it resolves to an address of this machine, so that a client here can follow it; else `localhost`. */
export async function resolveHostName(): Promise<string> {
  const name = hostname();
  try {
    const own = Object.values(networkInterfaces()).flatMap(
      (addresses) => addresses?.map(({ address }) => address) ?? [],
    );
    const { address } = await lookup(name);
    return own.includes(address) ? name : 'localhost';
  } catch {
    return 'localhost';
  }
}

/** What tells this machine from others: its host name, resolvable or not. */
export function machineName(): string {
  return hostname();
}

/** How many files and sockets this process may have open (RLIMIT_NOFILE, which Node raises as far as it may); infinite where it is not told. */
export async function descriptorsMax(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const [, soft = ''] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === '' ? Number.POSITIVE_INFINITY : Number(soft);
}
