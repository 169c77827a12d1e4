import { canRunKafka } from '../kafka/kafka-jars.ts';
import { killRounds } from '../kill-rounds/kill-rounds.ts';
import { mixConfig, mixOfWorkers } from '../kill-rounds/mix.ts';
import type { Worker } from '../kill-rounds/worker.ts';
import { FaultCluster } from './fault-cluster.ts';
import { compareAtTheEnd, faultTarget } from './fault-target.ts';
import type { Fault } from './faults.ts';
import { javaProducer } from './java-producer.ts';
import { ksProducer, ksTransactions } from './ks-client-workers.ts';
import { liveReader } from './live-reader.ts';
import { watcher } from './watcher.ts';

export interface FaultRoundsOptions {
  /** Where everything lies; the caller removes it. */
  readonly directory: string;
  /** Which faults, in their order; those for which this machine lacks the means are left out, and told. */
  readonly faults: readonly Fault[];
  /** How often; by default each once. */
  readonly rounds?: number;
  readonly random: () => number;
  readonly workers: (directory: string, random: () => number) => readonly Worker[];
  readonly told?: (line: string) => void;
}

export interface FaultRoundsResult {
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly broken: readonly string[];
  /** Names of faults that could not be tried here. */
  readonly skipped: readonly string[];
  /** Batches of which two copies were compared. */
  readonly compared: number;
}

/** Every client there is. */
export function allWorkers(directory: string, random: () => number): readonly Worker[] {
  const mix = mixOfWorkers(random);
  const ofKs = [ksProducer(), ksTransactions()];
  const read = [...mix, ...ofKs].filter(({ topic }) => /transactions|idempotent/.test(topic));
  return [...mix, ...ofKs, ...(canRunKafka ? [javaProducer(directory)] : []), watcher(), ...read.map(liveReader)];
}

/** Starts a cluster, works on it with the clients while one fault comes after the other, and checks all that was promised. */
export async function faultRounds(options: FaultRoundsOptions): Promise<FaultRoundsResult> {
  const { directory, random, told = () => undefined } = options;
  await using cluster = await FaultCluster.start(directory, mixConfig);
  const { means } = cluster;
  const possible = options.faults.filter(({ needs }) => needs === undefined || means[needs]);
  const skipped = options.faults.filter((fault) => !possible.includes(fault)).map(({ name }) => name);
  const target = faultTarget(cluster, possible, told);
  const { acknowledged, broken } = await killRounds({
    target,
    rounds: options.rounds ?? possible.length,
    random,
    workers: options.workers(directory, random),
    phase: told,
  });
  const { differences, compared } = await compareAtTheEnd(cluster);
  return { acknowledged, broken: [...cluster.broken, ...broken, ...differences], skipped, compared };
}
