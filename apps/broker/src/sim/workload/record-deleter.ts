import { DeleteRecords, ErrorCode } from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';

/** What DeleteRecords calls "up to the high watermark". */
const HIGH_WATERMARK = -1;
/** An offset that no log of a simulation gets to. */
const BEYOND_ALL = 1_000_000_000;

/** A program that deletes records from the front of logs, and holds the broker to the low watermark that it is told. */
export function deleteRecords(stage: Stage, client: SimClient): Promise<void> {
  return keepWorking(stage, client, async () => {
    const { random, history } = stage;
    await stage.sleep(random.fraction() * 300);
    const partition = pick(random, history.partitions());
    if (partition === undefined || partition.isDoomed || !client.isConnected) return;
    const offset = choose(random, [
      [6, partition.logStartOffset + random.int(partition.highWatermark - partition.logStartOffset + 1)],
      [1, HIGH_WATERMARK],
      [1, 0],
      [1, BEYOND_ALL],
    ]);
    await deleteOnce(stage, client, partition, offset);
  });
}

async function deleteOnce(stage: Stage, client: SimClient, partition: PartitionHistory, offset: number): Promise<void> {
  const { history, note } = stage;
  const version = client.version(DeleteRecords);
  if (version === undefined) return history.violate('DeleteRecords is not advertised');
  const { topic, index, highWatermark } = partition;
  const { life } = client;
  const wasServing = life === partition.life;
  if (offset !== BEYOND_ALL) partition.askedToDelete(offset === HIGH_WATERMARK ? BEYOND_ALL : offset);
  const answer = await client.request(DeleteRecords, version, {
    topics: [{ name: topic, partitions: [{ partitionIndex: index, offset }] }],
    timeoutMs: 30_000,
  });
  if (answer === undefined || partition.isDoomed) return;
  const told = answer.topics[0]?.partitions[0];
  if (told === undefined) return history.violate(`${partition.name}: an answer to DeleteRecords leaves it out`);
  const { errorCode, lowWatermark } = told;
  history.count(`delete records: ${errorCode}`);
  note(`${client.name} deletes ${partition.name} up to ${offset}: error ${errorCode}, low watermark ${lowWatermark}`);
  const violate = (what: string) =>
    history.violate(`${partition.name}: deleting up to ${offset} under ${highWatermark} ${what}`);
  if (partition.traits.isCompacted) {
    if (errorCode === ErrorCode.NONE) violate('was done in a compacted log');
    return;
  }
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
    if (wasServing && offset !== BEYOND_ALL) violate('is out of range');
    return;
  }
  if (errorCode !== ErrorCode.NONE) return;
  if (offset === BEYOND_ALL) return violate('was done');
  const floor = offset === HIGH_WATERMARK ? highWatermark : offset;
  if (lowWatermark < floor && (offset !== HIGH_WATERMARK || wasServing)) violate(`left a log from ${lowWatermark}`);
  partition.deletedTo(lowWatermark, life);
}
