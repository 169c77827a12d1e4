import { ErrorCode, Produce } from '@ks/protocol';
import type { PartitionHistory } from '../../history/partition-history.ts';
import { choose } from '../../workload/actor.ts';
import { makeBatch, type Sending } from '../../workload/batches.ts';
import { requestOf, resultOf } from '../../workload/producer.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { anyPartition, type ClusterStage, guard, keepBusy } from './cluster-stage.ts';

/** Errors after which the batch is in no log. Any other leaves that open. */
const REFUSALS: readonly number[] = [ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE];

/** Where the last acknowledged batch of each partition lies, by connection: pipelined batches keep their order. */
type LastOffsets = Map<PartitionHistory, { readonly connection: string; readonly offset: number }>;

/** A program that sends each batch once, several at a time, and remembers what became of it. */
export async function producePlainly(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const underWayMax = 1 + stage.random.int(4);
  const last: LastOffsets = new Map();
  let underWay = 0;
  await keepBusy(stage, async () => {
    const partition = anyPartition(stage);
    if (partition === undefined || underWay >= underWayMax) return;
    const sending = await makeBatch(stage, 0, partition);
    underWay += 1;
    const work = send(stage, client, sending, last).finally(() => {
      underWay -= 1;
    });
    guard(stage, client, work);
  });
}

async function send(stage: ClusterStage, client: ClusterClient, sending: Sending, last: LastOffsets): Promise<void> {
  const { random, history, note } = stage;
  const { attempt, partition } = sending;
  const broker = await client.toLeader(partition);
  const version = broker?.version(Produce);
  if (broker === undefined || version === undefined) {
    attempt.status = 'refused';
    history.count('produce: no leader to be had');
    return client.forget();
  }
  const acks = choose(random, [
    [6, -1],
    [2, 1],
    [1, 0],
  ]);
  const body = requestOf([sending], acks, version, random);
  const connection = `${broker.connectionNumber} ${broker.life}`;
  // What was acknowledged while the connection was made lies before it, too.
  attempt.floor = partition.ackedEndOffset;
  history.count(`produce acks ${acks}`);
  note(`${client.name} sends ${attempt.id} to ${partition.name} acks ${acks} v${version}`);
  if (acks === 0) {
    attempt.status = 'unknown';
    return broker.send(Produce, version, body);
  }
  const answer = await client.within(broker, () => broker.request(Produce, version, body));
  const result = resultOf(answer, sending, version);
  attempt.status = 'unknown';
  if (result === undefined) return client.forget();
  history.count(`produce acks ${acks} error ${result.errorCode}`);
  note(`${client.name} batch ${attempt.id}: error ${result.errorCode} at ${result.baseOffset}`);
  if (result.errorCode !== 0) {
    client.forget();
    if (!REFUSALS.includes(result.errorCode)) return;
    if (attempt.baseOffset >= 0) history.violate(`batch ${attempt.id} was refused, but it was read`);
    attempt.status = 'refused';
    return;
  }
  // With acks=1 only the leader has vouched for it: nothing is promised.
  if (acks !== -1) return;
  partition.acked(attempt, result.baseOffset);
  const before = last.get(partition);
  if (before?.connection === connection && result.baseOffset <= before.offset) {
    history.violate(`${partition.name}: pipelined batch ${attempt.id} at ${result.baseOffset} after ${before.offset}`);
  }
  last.set(partition, { connection, offset: result.baseOffset });
}
