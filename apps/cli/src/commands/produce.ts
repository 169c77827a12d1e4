import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags } from '../base-command.ts';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { namingTopics } from '../errors/unknown-topic.ts';
import { usage } from '../errors/usage.ts';
import { Interruption } from '../interruption.ts';
import { openInput } from '../input/open-input.ts';
import type { ProduceRecord } from '../input/produce-record.ts';
import { type InputKind, inputKinds, namesItsTopics, readInput } from '../input/read-input.ts';
import { parseTime } from '../offsets/parse-time.ts';
import { paced } from '../produce/paced.ts';
import { producerSizes, RecordSender } from '../produce/record-sender.ts';
import { parseTemplate, type Template } from '../produce/template.ts';
import { untilInterrupted } from '../produce/until-interrupted.ts';
import { refuseReadOnly } from '../read-only.ts';
import { parseHeader } from '../records/parse-header.ts';

/** A longer record than any broker takes: a wrong delimiter, most likely. */
const RECORD_BYTES_MAX = 128 * 1024 * 1024;
/** In place of a topic: each record goes where it says. */
const OWN_TOPICS = '-';
/** Records of a template that are made in one turn. */
const MADE_AT_ONCE = 100;
const utf8 = new TextEncoder();

export class Produce extends BaseCommand {
  static override summary = 'Send records to a topic, from standard input, a file or --value';
  static override hiddenAliases = ['topic produce', 'topics produce'];
  static override examples = [
    'one record a line: <%= config.bin %> produce lines < access.log',
    'key and value: echo "user-1:paid" | <%= config.bin %> produce orders -K :',
    'a copy: <%= config.bin %> consume orders -e -J | <%= config.bin %> produce copy --input ndjson',
    'made up: <%= config.bin %> produce orders --template \'{"id":"{{uuid}}","n":{{seq}}}\' -n 1000 --rate 100',
    'a format: <%= config.bin %> produce orders -f "%K{4}%k%V{4}%v" < sized.bin',
  ];
  static override args = {
    topic: Args.string({
      required: true,
      ignoreStdin: true,
      description: "topic to send to; one that a format or CSV names goes before it; - takes each envelope's own",
    }),
  };
  static override flags = {
    ...globalFlags,
    format: Flags.string({ char: 'f', description: "how to read the input: rpk's % verbs" }),
    input: Flags.option({
      options: inputKinds,
      default: 'line' as const,
      description:
        'a record is: a line, a JSON value, a line of consume -J, a row of CSV with headings, or the whole input',
    })(),
    file: Flags.string({ description: 'read this file instead of standard input' }),
    value: Flags.string({ exclusive: ['file'], description: 'send this one value instead of reading any input' }),
    template: Flags.string({
      exclusive: ['file', 'value', 'format'],
      description: 'make the values instead of reading any: {{seq}} {{uuid}} {{now}} {{ms}} {{int 1 6}} {{pick a b}}',
    }),
    count: Flags.integer({
      char: 'n',
      min: 1,
      description: 'with --template or --value: send so many; default: 1 value, templates without end',
    }),
    rate: Flags.integer({ min: 1, description: 'send at most so many records a second' }),
    ts: Flags.string({ description: 'time of every record that names none: milliseconds or @2026-01-31T10:00:00Z' }),
    'dry-run': Flags.boolean({ description: 'read all of the input and tell how many records it has; send nothing' }),
    key: Flags.string({ char: 'k', description: 'key of every record that has none' }),
    header: Flags.string({
      char: 'H',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a header, name:value or name=value',
    }),
    partition: Flags.integer({ char: 'p', min: 0, description: 'partition of every record that names none' }),
    repartition: Flags.boolean({
      exclusive: ['partition'],
      description: 'choose partitions by key, whatever the records name',
    }),
    compression: Flags.option({
      char: 'z',
      options: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const,
      default: 'none' as const,
      description: 'codec',
    })(),
    tombstone: Flags.boolean({ char: 'Z', description: 'send empty values as null' }),
    delimiter: Flags.string({ char: 'D', default: '\\n', description: 'what ends a record' }),
    'key-delimiter': Flags.string({ char: 'K', description: 'what splits key and value' }),
    acks: Flags.option({
      options: ['all', '1', '0'] as const,
      default: 'all' as const,
      description: 'who must have a record before it counts as sent',
    })(),
    output: Flags.string({ char: 'o', hidden: true, description: 'produce has no offset to choose' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Produce);
    if (flags.output !== undefined) throw offsetMisunderstood();
    using interruption = new Interruption();
    const { signal } = interruption;
    const headers = flags.header.map(parseHeader);
    const settings = await this.settings(flags);
    const isDry = flags['dry-run'];
    if (!isDry) refuseReadOnly(settings, `send records to ${args.topic}`);
    const timestamp = flags.ts === undefined ? undefined : usage(() => parseTime(flags.ts ?? '', Date.now()));
    const unpaced = this.#input(flags, signal);
    const input = flags.rate === undefined ? unpaced : paced(unpaced, flags.rate, signal);
    if (isDry) return this.#count(args.topic, input);
    await using client = await this.connect(settings);
    const isMade = flags.value !== undefined || flags.template !== undefined;
    if (isMade || !namesItsTopics(args.topic, flags.input, flags.format)) {
      // Before any input is read: whoever mistyped the name should not have to type the records too.
      const { topic } = args;
      await namingTopics(client.admin, [topic], settings.place, () => client.admin.describeTopics([topic]));
    }
    await using producer = client.producer({
      acks: flags.acks === 'all' ? 'all' : flags.acks === '1' ? 1 : 0,
      compression: flags.compression,
      lingerMs: 5,
      ...producerSizes,
    });
    const records = new RecordSender(producer, {
      topic: args.topic,
      headers,
      key: flags.key === undefined ? undefined : utf8.encode(flags.key),
      partition: flags.partition,
      timestamp,
      namedTopics: args.topic === OWN_TOPICS ? 'required' : isEnvelopes(flags) ? 'ignored' : 'followed',
      namedPartitions: flags.repartition ? 'ignored' : 'followed',
      emptyIsNull: flags.tombstone,
      emptyKeysAreNull: false,
    });
    try {
      for await (const chunk of input) await records.send(chunk);
    } finally {
      // What was taken is delivered, whatever comes after it.
      await records.finish();
      if (!flags.quiet) tell(args.topic, records.sent);
    }
    if (interruption.exitCode !== undefined) process.exit(interruption.exitCode);
  }

  async #count(topic: string, input: AsyncIterable<readonly ProduceRecord[]>): Promise<void> {
    let count = 0;
    for await (const chunk of input) count += chunk.length;
    process.stderr.write(`${topic}: ${recordsText(count)} would be sent\n`);
  }

  #input(flags: InputFlags, signal: AbortSignal): AsyncIterable<readonly ProduceRecord[]> {
    const { value, template, count } = flags;
    if (template !== undefined) return made(parseTemplate(template), count ?? Number.POSITIVE_INFINITY, signal);
    if (value !== undefined) return made(() => value, count ?? 1, signal);
    if (count !== undefined) {
      throw new CliError('-n goes with --template or --value: input has as many records as it has', {
        exitCode: ExitCode.USAGE,
        hint: 'head -n N | ks produce',
      });
    }
    if (flags.file === undefined && process.stdin.isTTY)
      process.stderr.write('reading records from the terminal; end with ctrl-d\n');
    const stream = openInput(flags.file);
    return usage(() =>
      readInput(untilInterrupted(stream, signal), {
        kind: flags.input,
        format: flags.format,
        delimiter: flags.delimiter,
        keyDelimiter: flags['key-delimiter'],
        maxRecordBytes: RECORD_BYTES_MAX,
      }),
    );
  }
}

interface InputFlags {
  readonly file?: string | undefined;
  readonly value?: string | undefined;
  readonly template?: string | undefined;
  readonly count?: number | undefined;
  readonly input: InputKind;
  readonly format?: string | undefined;
  readonly delimiter: string;
  readonly 'key-delimiter'?: string | undefined;
}

/** Envelopes name the topic that they came from. */
function isEnvelopes({ input, format, value, template }: InputFlags): boolean {
  return input === 'ndjson' && format === undefined && value === undefined && template === undefined;
}

/** Records that nothing is read for. */
async function* made(template: Template, count: number, signal: AbortSignal): AsyncGenerator<readonly ProduceRecord[]> {
  for (let from = 0; from < count && !signal.aborted; from += MADE_AT_ONCE) {
    const length = Math.min(MADE_AT_ONCE, count - from);
    yield Array.from({ length }, (_, index) => ({
      key: null,
      value: utf8.encode(template(from + index)),
      headers: [],
    }));
    // A signal comes between turns.
    await turn();
  }
}

function tell(topic: string, count: number): void {
  process.stderr.write(`${topic}: ${recordsText(count)} sent\n`);
}

function recordsText(count: number): string {
  return `${count} ${count === 1 ? 'record' : 'records'}`;
}

function offsetMisunderstood(): CliError {
  return new CliError('produce has no offset to choose: records go to the end of their partition', {
    exitCode: ExitCode.USAGE,
    hint: 'rpk prints each record by -o: ks consume TOPIC -f ... reads them back',
  });
}
