import type { KillTarget } from '../kill-rounds/targets.ts';
import { BROKER_IDS, brokerName, type FaultCluster } from './fault-cluster.ts';
import type { Fault } from './faults.ts';
import { compareCopies } from './log-copies.ts';

/** A cluster as a target of the rounds: each is one fault, in the order given, and the cluster heals before the next. */
export function faultTarget(
  cluster: FaultCluster,
  faults: readonly Fault[],
  told: (line: string) => void = () => undefined,
): KillTarget {
  let at = 0;
  return {
    bootstrap: cluster.bootstrap,
    startsMs: cluster.startsMs,
    async round(random) {
      const fault = faults[at % faults.length];
      at += 1;
      if (fault === undefined) return;
      const [from, brokenBefore] = [performance.now(), cluster.broken.length];
      await fault.run(cluster, random);
      const over = performance.now();
      await cluster.heal(fault.name);
      const took = `${Math.round(over - from)} ms, healed after ${Math.round(performance.now() - over)} ms more`;
      told(`${fault.name}: ${took}`);
      for (const one of cluster.broken.slice(brokenBefore)) told(`  BROKEN ${one}`);
    },
    async restartAll() {
      await cluster.restartAll();
      await cluster.heal('a restart of all brokers');
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** Stops all brokers in order and compares what they hold. */
export async function compareAtTheEnd(cluster: FaultCluster): Promise<Awaited<ReturnType<typeof compareCopies>>> {
  await cluster.heal('the end');
  await Promise.all(BROKER_IDS.map((brokerId) => cluster.endBroker(brokerId, 'SIGTERM')));
  return compareCopies(BROKER_IDS.map((brokerId) => cluster.disks.folderOf(brokerName(brokerId))));
}
