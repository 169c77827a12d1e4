import { checkKeys } from '../history/compacted-records.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import { checkSequences, checkTransactions } from '../history/whole-partition.ts';
import type { SimClient } from '../sim-client.ts';
import type { Stage } from './actor.ts';
import { fetchOnce } from './consumer.ts';
import { EARLIEST, LATEST, listOffset } from './lookup.ts';

const READ_COMMITTED = 1;

/** Reads every partition from its start to its end, and asks that everything acknowledged be there. */
export async function audit(stage: Stage, client: SimClient): Promise<void> {
  while (!(await client.connect())) await stage.sleep(10);
  for (const partition of stage.history.partitions())
    if (!partition.isDoomed) await auditPartition(stage, client, partition);
  client.close();
}

/** Transactions that nobody ends are aborted when their time is over, unless a power cut has made their coordinator forget them. */
async function transactionsEnd(stage: Stage, client: SimClient, partition: PartitionHistory): Promise<boolean> {
  const isSure = !stage.history.transactions.isLeft();
  for (let tries = 0; tries < (isSure ? 120 : 20); tries++) {
    const stable = await listOffset(client, partition, LATEST, READ_COMMITTED);
    const latest = await listOffset(client, partition, LATEST);
    if (stable?.offset === latest?.offset) return true;
    await stage.sleep(500);
  }
  if (isSure) stage.history.violate(`${partition.name}: a transaction stays open`);
  return !isSure;
}

async function auditPartition(stage: Stage, client: SimClient, partition: PartitionHistory): Promise<void> {
  const { history } = stage;
  if (!(await transactionsEnd(stage, client, partition))) return;
  const latest = (await listOffset(client, partition, LATEST))?.offset;
  const earliest = (await listOffset(client, partition, EARLIEST))?.offset;
  if (latest === undefined || earliest === undefined) {
    history.violate(`${partition.name}: its ends cannot be had`);
    return;
  }
  partition.shownRecords.clear();
  const positions = new Map([[partition, earliest]]);
  for (let tries = 0; (positions.get(partition) ?? 0) < latest; tries++) {
    const before = positions.get(partition);
    await fetchOnce(stage, client, [partition], positions);
    if (history.violations.length > 0) return;
    tries = positions.get(partition) === before ? tries : 0;
    if (tries > 100) return history.violate(`${partition.name}: nothing comes after ${before} of ${latest}`);
  }
  const violate = (what: string) => history.violate(`${partition.name}: ${what}`);
  if (partition.traits.isCompacted) checkKeys(partition, violate);
  checkSequences(partition, violate);
  checkTransactions(partition, history.transactions, violate);
  if (latest < partition.ackedEndOffset) {
    history.violate(`${partition.name}: it ends at ${latest}, but ${partition.ackedEndOffset} was acknowledged`);
  }
}
