import type { PartitionHistory } from '../../history/partition-history.ts';
import { checkSequences, checkTransactions } from '../../history/whole-partition.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { ClusterConsumer } from './cluster-consumer.ts';
import type { ClusterStage } from './cluster-stage.ts';

const READ_COMMITTED = 1;
const TRIES_MAX = 240;

/** Reads every partition from its start to its end, and asks that everything acknowledged be there. */
export async function auditCluster(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const consumer = new ClusterConsumer(stage, client);
  for (const partition of stage.history.partitions()) await auditPartition(stage, consumer, partition);
  client.close();
}

async function auditPartition(
  stage: ClusterStage,
  consumer: ClusterConsumer,
  partition: PartitionHistory,
): Promise<void> {
  const { history } = stage;
  const latest = await stableEnd(stage, consumer, partition);
  if (latest === undefined) return history.violate(`${partition.name}: a transaction stays open, or nobody leads`);
  if (latest < partition.highWatermark) {
    return history.violate(`${partition.name}: it ends at ${latest}, but ${partition.highWatermark} was committed`);
  }
  for (let tries = 0; consumer.positionOf(partition) < latest; tries++) {
    const before = consumer.positionOf(partition);
    await consumer.read(partition, true);
    if (history.violations.length > 0) return;
    if (consumer.positionOf(partition) > before) tries = 0;
    else await stage.sleep(20);
    if (tries > TRIES_MAX) return history.violate(`${partition.name}: nothing comes after ${before} of ${latest}`);
  }
  const violate = (what: string) => history.violate(`${partition.name}: ${what}`);
  checkSequences(partition, violate);
  checkTransactions(partition, history.transactions, violate);
}

/** The end, once no transaction is open before it: those that nobody ends are aborted when their time is over. */
async function stableEnd(
  stage: ClusterStage,
  consumer: ClusterConsumer,
  partition: PartitionHistory,
): Promise<number | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const stable = await consumer.lookAtEnd(partition, READ_COMMITTED);
    const latest = await consumer.lookAtEnd(partition);
    if (latest !== undefined && stable === latest) return latest;
    await stage.sleep(500);
  }
  return undefined;
}
