import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { confirm } from '../../confirm.ts';
import { CliError } from '../../errors/cli-error.ts';
import { requireGroups } from '../../errors/unknown-group.ts';
import { usage } from '../../errors/usage.ts';
import { parsePartitions } from '../../groups/parse-partitions.ts';
import { planSeek, type SeekStep } from '../../groups/plan-seek.ts';
import { parseSeekPlace } from '../../groups/seek-place.ts';
import { refuseReadOnly } from '../../read-only.ts';

export class GroupsSeek extends BaseCommand {
  static override summary = 'Move a group to another place: shows what it would do, does it with --execute';
  static override description =
    'The group must have no members while it is moved. With -t it may be one that does not exist yet.';
  static override hiddenAliases = ['group seek', 'groups reset', 'group reset'];
  static override examples = [
    'look: <%= config.bin %> groups seek billing --to @-1h',
    'do it: <%= config.bin %> groups seek billing --to start --execute',
    'ten back in two partitions: <%= config.bin %> groups seek billing --to -10 -t orders:0,2 --execute',
    'a new group, where another stands: <%= config.bin %> groups seek audit --to group:billing -t orders --execute',
  ];
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: 'name of the group' }),
  };
  static override rowShape = {
    topic: 'string',
    partition: 'number',
    from: 'number | null',
    to: 'number',
    skipped: 'number | null',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    to: Flags.string({ required: true, description: 'start, end, 42, +10, -10, @-1h, @2026-01-31 or group:NAME' }),
    topic: Flags.string({
      char: 't',
      aliases: ['topics'],
      multiple: true,
      multipleNonGreedy: true,
      description: 'only these: TOPIC or TOPIC:PARTITIONS; default: all that it has committed',
    }),
    execute: Flags.boolean({ description: 'do it' }),
    'dry-run': Flags.boolean({ exclusive: ['execute'], description: 'only show it, the default' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsSeek);
    const place = usage(() => parseSeekPlace(flags.to, Date.now()));
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const { admin } = client;
    if (flags.topic === undefined) await requireGroups(admin, [args.group], settings.place);
    if (place.type === 'group') await requireGroups(admin, [place.group], settings.place);
    const partitions = flags.topic && (await parsePartitions(admin, flags.topic, settings.place));
    const steps = await planSeek(admin, args.group, place, partitions);
    this.#print(steps, flags);
    if (!flags.execute) {
      this.say(`${args.group} stays where it is: add --execute to move it`, flags);
      return;
    }
    refuseReadOnly(settings, `move group ${args.group}`);
    await confirm({ action: `move ${args.group}`, name: args.group, isAgreed: true, ...settings });
    await admin
      .alterGroupOffsets(
        args.group,
        steps.map(({ topic, partition, to: offset }) => ({ topic, partition, offset })),
      )
      .catch((error: unknown) => {
        throw withMembers(error, args.group);
      });
  }

  #print(steps: readonly SeekStep[], flags: Parameters<BaseCommand['print']>[2]): void {
    this.print(
      steps,
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'FROM', get: (row) => row.from, align: 'right' },
        { name: 'TO', get: (row) => row.to, align: 'right' },
        { name: 'EFFECT', get: (row) => effectOf(row.skipped) },
      ],
      flags,
    );
  }
}

function effectOf(skipped: number | null): string | null {
  if (skipped === null) return null;
  if (skipped === 0) return 'none';
  return skipped > 0 ? `skips ${skipped}` : `replays ${-skipped}`;
}

function withMembers(error: unknown, group: string): unknown {
  if (!(error instanceof Error && error.name === 'UNKNOWN_MEMBER_ID')) return error;
  return new CliError(`group ${JSON.stringify(group)} has members, who would undo the move`, {
    code: error.name,
    hint: `stop them first: ks groups describe ${group}`,
    cause: error,
  });
}
