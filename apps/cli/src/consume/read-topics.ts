import process from 'node:process';
import type { Client, IsolationLevel } from '@ks/client';
import type { OffsetRange } from '../offsets/offset-range.ts';
import { boundsOf, type ChosenPartition } from './choose-partitions.ts';
import { OutputWriter } from './output-writer.ts';
import { isEmptyPlan, type PartitionPlan, planPartition } from './partition-plan.ts';
import type { BatchPrinter } from './print-batch.ts';
import { printableBytes } from './printable-bytes.ts';

/** Fetched ahead of a reader that lags, over all partitions. */
const PREFETCH_BYTES = 8 * 1024 * 1024;

/** What is read, and how it is printed. */
export interface TopicReading {
  readonly plans: readonly PartitionPlan[];
  readonly printer: BatchPrinter;
  readonly isolationLevel: IsolationLevel;
  /** Records to print at most; undefined: all. */
  readonly count: number | undefined;
  readonly signal: AbortSignal;
}

/** Where each partition is read from and to. */
export async function planPartitions(
  client: Client,
  chosen: readonly ChosenPartition[],
  range: OffsetRange,
  isolationLevel: IsolationLevel,
  stopAtEnd: boolean,
): Promise<readonly PartitionPlan[]> {
  const bounds = await boundsOf(client.admin, chosen, range, isolationLevel);
  return bounds.map((bound) => planPartition(range, bound, stopAtEnd));
}

/** Prints records to standard output until all partitions have come to their stop, `count` were printed, or the signal fires. */
export async function readTopics(client: Client, reading: TopicReading): Promise<void> {
  const { isolationLevel, signal } = reading;
  const open = reading.plans.filter((plan) => !isEmptyPlan(plan));
  if (open.length === 0) return;
  await using consumer = client.consumer({ isolationLevel, outOfRange: 'beginning', prefetchBytes: PREFETCH_BYTES });
  const places = open.map(({ topic, partition, start }) => ({ topic, partition, offset: start }));
  await consumer.assign(places, { signal });
  const until = open.flatMap(({ topic, partition, stop }) =>
    stop === undefined ? [] : [{ topic, partition, offset: stop }],
  );
  const limit = reading.count ?? Number.POSITIVE_INFINITY;
  const shownFrom = new Map(open.map((plan) => [`${plan.topic} ${plan.partition}`, plan.shownFrom]));
  const output = new OutputWriter(process.stdout, signal);
  let printed = 0;
  for await (const batch of consumer.batches({ until, signal })) {
    const { bytes, records } = reading.printer(batch, {
      firstOffset: Math.max(batch.firstOffset, shownFrom.get(`${batch.topic} ${batch.partition}`) ?? 0),
      lastOffset: batch.lastOffset,
      limit: limit - printed,
      printedBefore: printed,
    });
    printed += records;
    const waiting = output.write(process.stdout.isTTY ? printableBytes(bytes) : bytes);
    if (waiting !== undefined) await waiting;
    if (printed >= limit) break;
  }
  await output.flush();
}
