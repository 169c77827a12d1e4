import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { usage } from '../../errors/usage.ts';
import { parsePartitions } from '../../groups/parse-partitions.ts';
import { parseTime } from '../../offsets/parse-time.ts';

export class TopicsOffsets extends BaseCommand {
  static override summary = 'Show where the partitions of topics begin and end, or where they were at a time';
  static override hiddenAliases = ['topic offsets'];
  static override examples = [
    '<%= config.bin %> topics offsets orders',
    'an hour ago: <%= config.bin %> topics offsets orders --at @-1h',
    'two partitions: <%= config.bin %> topics offsets orders:0,2',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'TOPIC or TOPIC:PARTITIONS; more may follow',
    }),
  };
  static override rowShape = {
    topic: 'string',
    partition: 'number',
    start: 'number',
    end: 'number',
    records: 'number, offsets between the two',
    'at?': 'number | null, the first offset at or after the time of --at; null where there is none',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    at: Flags.string({ description: 'also the first offset at or after a time: @-1h, @2026-01-31, @1700000000000' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsOffsets);
    const timestamp = flags.at === undefined ? undefined : usage(() => parseTime(flags.at ?? '', Date.now()));
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const { admin } = client;
    const partitions = await parsePartitions(admin, argv.map(String), settings.place);
    const [starts, ends, times] = await Promise.all([
      admin.listOffsets(partitions.map((one) => ({ ...one, at: 'beginning' }))),
      admin.listOffsets(partitions.map((one) => ({ ...one, at: 'end' }))),
      timestamp === undefined ? [] : admin.listOffsets(partitions.map((one) => ({ ...one, at: { timestamp } }))),
    ]);
    const rows = partitions.map((one, index) => {
      const [start, end] = [starts[index]?.offset ?? 0, ends[index]?.offset ?? 0];
      const at = times[index]?.offset ?? -1;
      return {
        ...one,
        start,
        end,
        records: end - start,
        ...(timestamp === undefined ? {} : { at: at < 0 ? null : at }),
      };
    });
    this.print(
      rows,
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'START', get: (row) => row.start, align: 'right' },
        { name: 'END', get: (row) => row.end, align: 'right' },
        { name: 'RECORDS', get: (row) => row.records, align: 'right' },
        ...(timestamp === undefined
          ? []
          : [{ name: 'AT', get: (row: (typeof rows)[number]) => row.at ?? null, align: 'right' as const }]),
      ],
      flags,
    );
  }
}
