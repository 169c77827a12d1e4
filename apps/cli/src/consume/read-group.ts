import process from 'node:process';
import type { Client, IsolationLevel, OffsetSpec, PartitionOffset } from '@ks/client';
import { OutputWriter } from './output-writer.ts';
import type { BatchPrinter } from './print-batch.ts';
import { printableBytes } from './printable-bytes.ts';

const PREFETCH_BYTES = 8 * 1024 * 1024;

/** What is read as a member of a group, and how it is printed. */
export interface GroupReading {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where partitions start for which the group has committed nothing. */
  readonly from: OffsetSpec;
  /** Stop where the partitions end now; else follow. */
  readonly stopAtEnd: boolean;
  readonly printer: BatchPrinter;
  readonly isolationLevel: IsolationLevel;
  readonly count: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Prints what the group assigns to this member, and commits what was printed. However it ends, the group is left in order, so that the
 * other members take over at once.
 */
export async function readGroup(client: Client, reading: GroupReading): Promise<void> {
  const { group, topics, from, isolationLevel, signal, printer } = reading;
  const until = reading.stopAtEnd ? await ends(client, topics, isolationLevel) : undefined;
  const limit = reading.count ?? Number.POSITIVE_INFINITY;
  const output = new OutputWriter(process.stdout, signal);
  await using consumer = client.consumer({
    group,
    from,
    isolationLevel,
    outOfRange: 'beginning',
    prefetchBytes: PREFETCH_BYTES,
  });
  let printed = 0;
  for await (const batch of consumer.batches({ until, signal }, ...topics)) {
    const { topic, partition, firstOffset, lastOffset } = batch;
    const { bytes, records, nextOffset } = printer(batch, {
      firstOffset,
      lastOffset,
      limit: limit - printed,
      printedBefore: printed,
    });
    printed += records;
    const waiting = output.write(process.stdout.isTTY ? printableBytes(bytes) : bytes);
    if (waiting !== undefined) await waiting;
    if (printed < limit) continue;
    // A batch counts as a whole: what was not printed of it is still to be read.
    await consumer.seek([{ topic, partition, offset: nextOffset }]);
    break;
  }
  await output.flush();
}

async function ends(
  client: Client,
  topics: readonly string[],
  isolationLevel: IsolationLevel,
): Promise<PartitionOffset[]> {
  const described = await client.admin.describeTopics(topics);
  const queries = described.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition, at: 'end' as const })),
  );
  return await client.admin.listOffsets(queries, { isolationLevel });
}
