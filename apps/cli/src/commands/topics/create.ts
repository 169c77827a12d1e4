import process from 'node:process';
import type { Client } from '@ks/client';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { toCliError } from '../../errors/to-cli-error.ts';
import { parsePairs } from '../../input/parse-pairs.ts';
import { refuseReadOnly } from '../../read-only.ts';

interface Created {
  readonly topic: string;
  readonly status: string;
  readonly partitions: number | null;
  readonly replicas: number | null;
  readonly error?: string;
}

export class TopicsCreate extends BaseCommand {
  static override summary = 'Create topics';
  static override hiddenAliases = ['topic create', 'create topic', 'create topics'];
  static override examples = [
    '<%= config.bin %> topics create orders -p 6',
    '<%= config.bin %> topics create users -p 3 -c cleanup.policy=compact',
    'no error where it exists: <%= config.bin %> topics create orders payments --if-not-exists',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic; more may follow' }),
  };
  static override rowShape = {
    topic: 'string',
    status: "'created' | 'would be created' | 'exists' | 'failed'",
    partitions: 'number | null',
    replicas: 'number | null',
    'error?': 'string',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    partitions: Flags.integer({
      char: 'p',
      min: 1,
      description: 'number of partitions; default: what the broker has in num.partitions',
    }),
    replicas: Flags.integer({
      char: 'r',
      min: 1,
      description: 'replication factor; default: what the broker has in default.replication.factor',
    }),
    config: Flags.string({
      char: 'c',
      aliases: ['topic-config'],
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a topic config, key=value',
    }),
    'if-not-exists': Flags.boolean({ description: 'a topic that exists is no error' }),
    'dry-run': Flags.boolean({ description: 'only check whether it could be done' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsCreate);
    const options = {
      partitions: flags.partitions,
      replicationFactor: flags.replicas,
      configs: parsePairs(flags.config),
      validateOnly: flags['dry-run'],
    };
    const settings = await this.settings(flags);
    if (!flags['dry-run']) refuseReadOnly(settings, `create ${argv.join(' ')}`);
    await using client = await this.connect(settings);
    const results: Created[] = [];
    let failure: unknown;
    // One by one, so that each has its own answer.
    for (const topic of argv.map(String)) {
      try {
        results.push(await create(client, topic, options, flags['if-not-exists']));
      } catch (error) {
        if (argv.length === 1) throw error;
        failure ??= error;
        results.push({ topic, status: 'failed', partitions: null, replicas: null, error: toCliError(error).message });
      }
    }
    this.print(
      results,
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'STATUS', get: (row) => (row.error === undefined ? row.status : `failed: ${row.error}`) },
        { name: 'PARTITIONS', get: (row) => row.partitions, align: 'right', wide: true },
        { name: 'REPLICAS', get: (row) => row.replicas, align: 'right', wide: true },
      ],
      flags,
    );
    if (failure !== undefined) process.exitCode = toCliError(failure).exitCode;
  }
}

async function create(
  { admin }: Client,
  topic: string,
  options: NonNullable<Parameters<Client['admin']['createTopic']>[1]>,
  mayExist: boolean,
): Promise<Created> {
  try {
    const created = await admin.createTopic(topic, options);
    return {
      topic,
      status: options.validateOnly === true ? 'would be created' : 'created',
      partitions: created?.partitions ?? null,
      replicas: created?.replicationFactor ?? null,
    };
  } catch (error) {
    if (!mayExist || !(error instanceof Error && error.name === 'TOPIC_ALREADY_EXISTS')) throw error;
    return { topic, status: 'exists', partitions: null, replicas: null };
  }
}
