import process from 'node:process';
import type { IsolationLevel, OffsetSpec } from '@ks/client';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags } from '../base-command.ts';
import { choosePartitions } from '../consume/choose-partitions.ts';
import { rangeLabel } from '../consume/partition-plan.ts';
import { envelopeKinds, printerOf } from '../consume/printer-of.ts';
import { ReachWatch } from '../consume/reach-watch.ts';
import { readGroup } from '../consume/read-group.ts';
import { planPartitions, readTopics } from '../consume/read-topics.ts';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { requireGroups } from '../errors/unknown-group.ts';
import { usage } from '../errors/usage.ts';
import { filteringPrinter, filterOf } from '../filter/filtering-printer.ts';
import { Interruption } from '../interruption.ts';
import { refuseReadOnly } from '../read-only.ts';
import { type OffsetRange, parseOffsetRange } from '../offsets/offset-range.ts';

export class Consume extends BaseCommand {
  static override summary = 'Print the records of topics: from the beginning, then as they come';
  static override hiddenAliases = ['topic consume', 'topics consume'];
  static override examples = [
    'all, then live: <%= config.bin %> consume orders',
    'the last hour, lossless: <%= config.bin %> consume orders -o @-1h:end -J',
    'key, value and headers: <%= config.bin %> consume orders -f "%k %v %h{%k=%v }\\n"',
    'as one of a group: <%= config.bin %> consume orders -g billing',
    'some of them: <%= config.bin %> consume orders -e --filter \'value.status == "FAILED" && ts > now-1h\'',
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
    tail: Flags.integer({
      min: 1,
      exclusive: ['offset'],
      description: 'start with the last so many of each partition, as -o -N',
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
    envelope: Flags.option({
      options: envelopeKinds,
      exclusive: ['format'],
      description: 'whose JSON: -J prints that of ks, this also that of kcat or rpk',
    })(),
    'pretty-print': Flags.boolean({
      default: true,
      allowNo: true,
      description: 'with --envelope rpk: over several lines, as rpk does',
    }),
    kcat: Flags.boolean({ description: "-f is in kcat's tokens (%s the value, %T the time), -J is kcat's JSON" }),
    partitions: Flags.integer({
      char: 'p',
      min: 0,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'only these partitions',
    }),
    regex: Flags.boolean({ char: 'r', description: 'topics are regular expressions' }),
    grep: Flags.string({
      char: 'G',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'only records that match: k:RE, v:RE, t:RE, h:NAME=RE; ! before it negates, several must all match',
    }),
    'filter-key': Flags.string({ description: 'only records with such a key: user-*' }),
    filter: Flags.string({
      description:
        'only records for which this is true: value.status == "FAILED" && headers.tenant == "a" && ts > now-1h',
    }),
    group: Flags.string({ char: 'g', description: 'read as a member of this group, and commit what was printed' }),
    'read-committed': Flags.boolean({ description: 'only records of committed transactions' }),
    'from-beginning': Flags.boolean({ hidden: true, description: 'as -o start, the default' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Consume);
    const range = usage(() => parseOffsetRange(flags.tail === undefined ? flags.offset : `-${flags.tail}`, Date.now()));
    if (flags.group !== undefined) refuseWithGroup(range, flags.partitions);
    else if (range.from.type === 'stored') throw storedWithoutGroup();
    const leaders = new Map<string, number>();
    const plainPrinter = printerOf(flags, (topic, partition) => leaders.get(`${topic} ${partition}`) ?? -1);
    const filter = filterOf(flags, Date.now);
    const counts = { scanned: 0, matched: 0 };
    const printer = filter === undefined ? plainPrinter : filteringPrinter(plainPrinter, filter, counts);
    const isolationLevel: IsolationLevel = flags['read-committed'] ? 'read_committed' : 'read_uncommitted';
    const settings = await this.settings(flags);
    if (flags.group !== undefined) refuseReadOnly(settings, `commit what group ${flags.group} has read`);
    using interruption = new Interruption();
    const { signal } = interruption;
    const read = async (): Promise<void> => {
      await using client = await this.connect(settings, signal);
      const { regex: isRegex, partitions, group, count, end: stopAtEnd } = flags;
      const asked = argv.map(String);
      if (range.from.type === 'group') await requireGroups(client.admin, [range.from.group], settings.place);
      const chosen = await choosePartitions(client.admin, {
        topics: asked,
        isRegex,
        partitions,
        place: settings.place,
      });
      for (const { topic, partition, leaderId } of chosen) leaders.set(`${topic} ${partition}`, leaderId);
      const topics = [...new Set(chosen.map(({ topic }) => topic))];
      const shown: OffsetRange = group === undefined ? range : { from: { type: 'group', group }, to: undefined };
      if (!flags.quiet) tell(topics.length === 0 ? asked : topics, chosen.length, rangeLabel(shown, stopAtEnd));
      const plans = group === undefined ? await planPartitions(client, chosen, range, isolationLevel, stopAtEnd) : [];
      using watch = new ReachWatch({
        ask: (asking) => client.admin.describeCluster({ signal: asking }),
        tell: (line) => void process.stderr.write(`${line}\n`),
        place: settings.place,
        hasEnd: stopAtEnd || range.to !== undefined,
      });
      const either = AbortSignal.any([signal, watch.signal]);
      const how = { printer: watch.listening(printer), isolationLevel, count, signal: either };
      if (group !== undefined) interruption.endWithReader();
      const reading =
        group === undefined
          ? readTopics(client, { plans, ...how })
          : readGroup(client, { group, topics, from: startOf(range), stopAtEnd, ...how });
      await reading.catch((error: unknown) => {
        watch.requireReached();
        throw error;
      });
      watch.requireReached();
    };
    await read().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (filter !== undefined) this.say(`scanned ${counts.scanned}, matched ${counts.matched}`, flags);
    if (interruption.exitCode !== undefined) process.exit(interruption.exitCode);
  }
}

function tell(topics: readonly string[], partitionCount: number, label: string): void {
  const partitions = `${partitionCount} ${partitionCount === 1 ? 'partition' : 'partitions'}`;
  process.stderr.write(`${topics.join(', ')}: ${label}, ${partitions}\n`);
}

/** Where a member starts in partitions for which its group has committed nothing. */
function startOf({ from }: OffsetRange): OffsetSpec {
  if (from.type === 'time') return { timestamp: from.timestampMs };
  return from.type === 'end' ? 'end' : 'beginning';
}

/** A group shares partitions among its members and remembers where they are: offsets and partitions are not one member's to choose. */
function refuseWithGroup({ from, to }: OffsetRange, partitions: readonly number[] | undefined): void {
  const isPlain = (from.type === 'start' && from.plus === 0) || (from.type === 'end' && from.minus === 0);
  if ((isPlain || from.type === 'time' || from.type === 'stored') && to === undefined && partitions === undefined)
    return;
  throw new CliError('a member of a group cannot choose offsets and partitions', {
    exitCode: ExitCode.USAGE,
    hint: 'with -g: -o start, end or @time for what the group has not read yet, -e to stop; ks groups seek moves a group',
  });
}

function storedWithoutGroup(): CliError {
  return new CliError('only groups store offsets', {
    exitCode: ExitCode.USAGE,
    hint: '-g GROUP to be a member, or -o group:GROUP to start where it stands',
  });
}
