import type { PartitionHistory } from '../../history/partition-history.ts';
import { pick, type Stage } from '../../workload/actor.ts';
import type { ClusterClient } from '../cluster-client.ts';
import type { ClusterTraits } from '../cluster-config.ts';

/** What a client program of a cluster lives in. */
export interface ClusterStage extends Stage {
  readonly traits: ClusterTraits;
  /** Racks of the brokers. */
  readonly racks: readonly string[];
}

/** Runs `work` again and again until the stage is over. */
export async function keepBusy(stage: ClusterStage, work: () => Promise<void>): Promise<void> {
  const { random } = stage;
  while (!stage.isOver()) {
    await work();
    await stage.sleep(random.fraction() * (random.chance(0.005) ? 2000 : 30));
  }
}

/** Some partition of the topics that were made for the clients. */
export function anyPartition({ random, history }: ClusterStage): PartitionHistory | undefined {
  return pick(random, history.partitions());
}

/** A program that nobody waits for has to tell what goes wrong in it. */
export function guard(stage: ClusterStage, client: ClusterClient, work: Promise<void>): void {
  work.catch((error: unknown) => {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stage.history.violate(`${client.name} failed: ${what}`);
  });
}
