import { setTimeout as pause } from 'node:timers/promises';
import process from 'node:process';
import type { Admin, TopicDescription } from '@ks/client';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { describeAllTopics } from '../../cluster/describe-all-topics.ts';
import { type Move, planDecommission } from '../../cluster/plan-decommission.ts';
import { confirm } from '../../confirm.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { Interruption } from '../../interruption.ts';
import { refuseReadOnly } from '../../read-only.ts';

const LOOK_AGAIN_MS = 500;

export class ClusterDecommission extends BaseCommand {
  static override summary = 'Move everything off a broker, and forget it once it has stopped';
  static override description =
    'New replicas are copied first, the old ones go when all are in sync. A broker that still runs is then to be stopped; ' +
    'run again, the command has the cluster forget it.';
  static override examples = [
    '<%= config.bin %> cluster decommission 3',
    'look first: <%= config.bin %> cluster decommission 3 --dry-run',
    'without a question: <%= config.bin %> cluster decommission 3 -y',
  ];
  static override rowShape = {
    topic: 'string',
    partition: 'number',
    to: 'number, the broker that takes it',
    status: "'moved' | 'would be moved'",
  };
  static override args = {
    broker: Args.integer({ required: true, ignoreStdin: true, min: 0, description: 'number of the broker (node.id)' }),
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'only tell what would be moved' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ClusterDecommission);
    const settings = await this.settings(flags);
    using interruption = new Interruption();
    const { signal } = interruption;
    await using client = await this.connect(settings, signal);
    const { admin } = client;
    const action = `move everything off broker ${args.broker}`;
    let { moves, isAlive } = await look(admin, args.broker);
    if (!flags['dry-run']) {
      refuseReadOnly(settings, action);
      await confirm({ action, name: String(args.broker), isAgreed: flags.yes, ...settings });
    }
    const moved: Move[] = [...moves];
    // What was made on it meanwhile goes, too.
    while (!flags['dry-run'] && moves.length > 0) {
      this.say(`moving ${moves.length} replicas`, flags);
      await admin.alterPartitionReassignments(
        moves.map(({ topic, partition, target }) => ({ topic, partition, replicas: target })),
        { signal },
      );
      await this.#untilMoved(admin, args.broker, moves, interruption);
      ({ moves, isAlive } = await look(admin, args.broker));
      moved.push(...moves);
    }
    this.#show(moved, flags);
    if (flags['dry-run']) return;
    if (isAlive) {
      this.say(
        `broker ${args.broker} holds nothing any more: stop it, then run this again to have it forgotten`,
        flags,
      );
      return;
    }
    await admin.unregisterBroker(args.broker, { signal });
    this.say(`broker ${args.broker} is forgotten`, flags);
  }

  /** The controller says that the moves are over, and whoever is asked for topics has heard of it. */
  async #untilMoved(admin: Admin, broker: number, moves: readonly Move[], interruption: Interruption): Promise<void> {
    const { signal } = interruption;
    for (;;) {
      const under = await admin.listPartitionReassignments(undefined, { signal });
      const isUnder = under.some(({ removingReplicas }) => removingReplicas.includes(broker));
      if (!isUnder && !holdsAny(broker, moves, await describeAllTopics(admin))) return;
      await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      const { exitCode } = interruption;
      if (exitCode === undefined) continue;
      process.stderr.write('the moves go on without ks; kafka-reassign-partitions.sh --list shows them\n');
      process.exit(exitCode);
    }
  }

  #show(moves: readonly Move[], flags: Parameters<BaseCommand['print']>[2] & { readonly 'dry-run': boolean }): void {
    const status = flags['dry-run'] ? 'would be moved' : 'moved';
    this.print(
      moves.map(({ topic, partition, to }) => ({ topic, partition, to, status })),
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'TO', get: (row) => row.to, align: 'right' },
        { name: 'STATUS', get: (row) => row.status },
      ],
      flags,
    );
  }
}

/** Whether the broker holds one of the partitions that were to leave it. */
function holdsAny(broker: number, moves: readonly Move[], topics: readonly TopicDescription[]): boolean {
  return moves.some(({ topic, partition }) =>
    topics.find(({ name }) => name === topic)?.partitions[partition]?.replicas.includes(broker),
  );
}

/** What lies on the broker now, and whether it runs. */
async function look(
  admin: Admin,
  brokerId: number,
): Promise<{ readonly moves: readonly Move[]; readonly isAlive: boolean }> {
  const { brokers } = await admin.describeCluster({ includeFencedBrokers: true });
  const broker = brokers.find(({ nodeId }) => nodeId === brokerId);
  if (broker === undefined) {
    const known = brokers.map(({ nodeId }) => nodeId).join(', ');
    throw new CliError(`there is no broker ${brokerId}`, { exitCode: ExitCode.NOT_FOUND, hint: `there are: ${known}` });
  }
  const takers = brokers.filter(({ nodeId, isFenced }) => nodeId !== brokerId && isFenced !== true);
  return {
    moves: planDecommission(brokerId, takers, await describeAllTopics(admin)),
    isAlive: broker.isFenced !== true,
  };
}
