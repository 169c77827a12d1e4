import process from 'node:process';
import type { Client, Consumer } from '@ks/client';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags } from '../base-command.ts';
import { boundsOf, choosePartitions } from '../consume/choose-partitions.ts';
import { OutputWriter } from '../consume/output-writer.ts';
import { isEmptyPlan, type PartitionPlan, planPartition, rangeLabel } from '../consume/partition-plan.ts';
import { type BatchPrinter, envelopePrinter, formatPrinter } from '../consume/print-batch.ts';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { usage } from '../errors/usage.ts';
import { checkWritable } from '../format/write-check.ts';
import { parseFormat } from '../format/parse-format.ts';
import { Interruption } from '../interruption.ts';
import { type OffsetRange, parseOffsetRange } from '../offsets/offset-range.ts';

/** Fetched ahead of a reader that lags, over all partitions. */
const PREFETCH_BYTES = 8 * 1024 * 1024;

export class Consume extends BaseCommand {
  static override summary = 'Print the records of topics: from the beginning, then as they come';
  static override examples = [
    'all, then live: <%= config.bin %> consume orders',
    'the last 10 of each partition, then stop: <%= config.bin %> consume orders -o -10 -e',
    'the last hour, lossless: <%= config.bin %> consume orders -o @-1h:end -J',
    'key, value and headers: <%= config.bin %> consume orders -f "%k %v %h{%k=%v }\\n"',
    'all topics that begin with log: <%= config.bin %> consume -r "^log" -n 100',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'topic to read; more may follow' }),
  };
  static override flags = {
    ...globalFlags,
    offset: Flags.string({
      char: 'o',
      aliases: ['offsets'],
      default: 'start',
      description: 'where to start and stop: start, end, 42, -10, +5, 5:10, :end, @-1h, @2026-01-31:end, ...',
    }),
    count: Flags.integer({
      char: 'n',
      aliases: ['num', 'max-messages'],
      min: 1,
      description: 'stop after so many records',
    }),
    end: Flags.boolean({ char: 'e', description: 'stop where the partitions end now' }),
    format: Flags.string({
      char: 'f',
      default: '%v\\n',
      description: "how to print a record: rpk's % verbs",
    }),
    ndjson: Flags.boolean({
      char: 'J',
      exclusive: ['format'],
      description: 'one JSON object a line, lossless: what produce --input ndjson reads',
    }),
    'meta-only': Flags.boolean({
      exclusive: ['format'],
      description: 'as -J, without key, value and headers',
    }),
    partitions: Flags.integer({
      char: 'p',
      min: 0,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'only these partitions',
    }),
    regex: Flags.boolean({ char: 'r', description: 'topics are regular expressions' }),
    group: Flags.string({ char: 'g', description: 'read as a member of this group (not built yet)' }),
    'read-committed': Flags.boolean({ description: 'only records of committed transactions' }),
    'from-beginning': Flags.boolean({ hidden: true, description: 'as -o start, the default' }),
    quiet: Flags.boolean({ char: 'q', description: 'do not tell what is read' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Consume);
    const range = rangeOf(flags.offset, flags.group);
    const printer =
      flags.ndjson || flags['meta-only'] ? envelopePrinter(flags['meta-only']) : formatPrinter(formatOf(flags.format));
    const isolationLevel = flags['read-committed'] ? 'read_committed' : 'read_uncommitted';
    using interruption = new Interruption();
    const { signal } = interruption;
    const reading = this.#read({ flags, topics: argv.map(String), range, printer, isolationLevel, signal });
    await reading.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (interruption.exitCode !== undefined) process.exit(interruption.exitCode);
  }

  async #read(request: {
    readonly flags: ConsumeFlags;
    readonly topics: readonly string[];
    readonly range: OffsetRange;
    readonly printer: BatchPrinter;
    readonly isolationLevel: 'read_committed' | 'read_uncommitted';
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { flags, range, printer, isolationLevel, signal } = request;
    await using client = await this.connect(flags, signal);
    const plans = await this.#plan(client, request);
    if (!flags.quiet) {
      const topics = [...new Set(plans.map(({ topic }) => topic))].join(', ') || request.topics.join(', ');
      const partitions = `${plans.length} ${plans.length === 1 ? 'partition' : 'partitions'}`;
      process.stderr.write(`${topics}: ${rangeLabel(range, flags.end)}, ${partitions}\n`);
    }
    const open = plans.filter((plan) => !isEmptyPlan(plan));
    if (open.length === 0) return;
    await using consumer = client.consumer({
      isolationLevel,
      outOfRange: 'beginning',
      prefetchBytes: PREFETCH_BYTES,
    });
    const places = open.map(({ topic, partition, start }) => ({ topic, partition, offset: start }));
    await consumer.assign(places, { signal });
    await print(consumer, open, printer, flags.count ?? Number.POSITIVE_INFINITY, signal);
  }

  async #plan(
    client: Client,
    {
      flags,
      topics,
      range,
      isolationLevel,
    }: {
      readonly flags: ConsumeFlags;
      readonly topics: readonly string[];
      readonly range: OffsetRange;
      readonly isolationLevel: 'read_committed' | 'read_uncommitted';
    },
  ): Promise<readonly PartitionPlan[]> {
    const { regex: isRegex, partitions, brokers } = flags;
    const chosen = await choosePartitions(client.admin, { topics, isRegex, partitions, brokers });
    const bounds = await boundsOf(client.admin, chosen, range, isolationLevel);
    return bounds.map((bound) => planPartition(range, bound, flags.end));
  }
}

interface ConsumeFlags {
  readonly brokers: string;
  readonly timeout: number;
  readonly regex: boolean;
  readonly partitions?: readonly number[] | undefined;
  readonly end: boolean;
  readonly count?: number | undefined;
  readonly quiet: boolean;
}

/** Prints batch after batch until all partitions have come to their stop, `limit` records were printed, or the signal fires. */
async function print(
  consumer: Consumer,
  plans: readonly PartitionPlan[],
  printer: BatchPrinter,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const until = plans.flatMap(({ topic, partition, stop }) =>
    stop === undefined ? [] : [{ topic, partition, offset: stop }],
  );
  const shownFrom = new Map(plans.map((plan) => [`${plan.topic} ${plan.partition}`, plan.shownFrom]));
  const output = new OutputWriter(process.stdout, signal);
  let printed = 0;
  for await (const batch of consumer.batches({ until, signal })) {
    const { bytes, records } = printer(batch, {
      firstOffset: Math.max(batch.firstOffset, shownFrom.get(`${batch.topic} ${batch.partition}`) ?? 0),
      lastOffset: batch.lastOffset,
      limit: limit - printed,
      printedBefore: printed,
    });
    printed += records;
    const waiting = output.write(bytes);
    if (waiting !== undefined) await waiting;
    if (printed >= limit) break;
  }
  await output.flush();
}

function rangeOf(text: string, group: string | undefined): OffsetRange {
  const range = usage(() => parseOffsetRange(text, Date.now()));
  const points = [range.from.type, range.to?.type];
  if (group === undefined && !points.includes('stored') && !points.includes('group')) return range;
  throw new CliError('consumer groups are not built into this client yet', {
    exitCode: ExitCode.USAGE,
    hint: 'leave -g, stored and group:NAME out, and name offsets with -o',
  });
}

function formatOf(text: string): ReturnType<typeof parseFormat> {
  return usage(() => {
    const parts = parseFormat(text);
    checkWritable(parts);
    return parts;
  });
}
