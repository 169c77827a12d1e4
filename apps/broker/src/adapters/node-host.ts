import { lookup } from 'node:dns/promises';
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
