import { connect } from '@ks/client';
import type { RunningBroker } from './broker-peer.ts';

/**
 * Several brokers as one, with the process of what they share, if any. Every topic is kept by all of them. Where one does not start, the
 * others are stopped.
 */
export async function startCluster(
  starting: readonly Promise<RunningBroker>[],
  shared?: { readonly pid: number; stop(): Promise<void> },
): Promise<RunningBroker> {
  const outcomes = await Promise.allSettled(starting);
  const brokers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  const [first] = brokers;
  const stopAll = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.stop()));
    await shared?.stop();
  };
  if (failure !== undefined || first === undefined) {
    await stopAll();
    throw failure?.reason ?? new Error('a cluster without brokers');
  }
  const bootstrap = brokers.map((broker) => broker.bootstrap);
  await allKnow(bootstrap).catch(async (error: unknown) => {
    await stopAll();
    throw error;
  });
  return {
    bootstrap: bootstrap.join(','),
    pid: first.pid,
    process: first.process,
    pids: [...brokers.map(({ pid }) => pid), ...(shared === undefined ? [] : [shared.pid])],
    replicationFactor: brokers.length,
    startMs: Math.max(...brokers.map(({ startMs }) => startMs)),
    stop: stopAll,
  };
}

/** Settles when every broker knows of all the others; rejects after a minute without that. */
async function allKnow(addresses: readonly string[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (const address of addresses) {
    await using client = await connect({ brokers: [address] });
    while ((await client.admin.describeCluster()).brokers.length < addresses.length) {
      if (performance.now() > deadline) throw new Error(`${address} does not know of ${addresses.length} brokers`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
