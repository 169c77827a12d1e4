import { createReadStream } from 'node:fs';
import process from 'node:process';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags } from '../base-command.ts';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import type { ProduceRecord } from '../input/produce-record.ts';
import { inputKinds, readInput } from '../input/read-input.ts';
import { parseHeader } from '../records/parse-header.ts';
import type { HeaderView } from '../records/record-view.ts';

/** A longer record than any broker takes: a wrong delimiter, most likely. */
const maxRecordBytes = 128 * 1024 * 1024;
/** Bytes that may be read and not yet acknowledged. */
const waitingBytesMax = 24 * 1024 * 1024;
const utf8 = new TextEncoder();

export class Produce extends BaseCommand {
  static override summary = 'Send records to a topic, from standard input, a file or --value';
  static override examples = [
    'one record a line: <%= config.bin %> produce lines < access.log',
    'key and value: echo "user-1:paid" | <%= config.bin %> produce orders -K :',
    'what consume -J wrote: <%= config.bin %> produce orders --input ndjson < records.ndjson',
    'a format: <%= config.bin %> produce orders -f "%K{4}%k%V{4}%v" < sized.bin',
  ];
  static override args = {
    topic: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'topic to send to; one that a record names goes before it',
    }),
  };
  static override flags = {
    ...globalFlags,
    format: Flags.string({ char: 'f', description: "how to read the input: rpk's % verbs" }),
    input: Flags.option({
      options: inputKinds,
      default: 'line' as const,
      description: 'one record a line, one envelope a line, or the whole input as one record',
    })(),
    file: Flags.string({ description: 'read this file instead of standard input' }),
    value: Flags.string({ description: 'send this one value instead of reading any input' }),
    key: Flags.string({ char: 'k', description: 'key of every record that has none' }),
    header: Flags.string({
      char: 'H',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a header, name:value or name=value',
    }),
    partition: Flags.integer({ char: 'p', min: 0, description: 'partition of every record that names none' }),
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
    quiet: Flags.boolean({ char: 'q', description: 'do not tell how many were sent' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Produce);
    const headers = flags.header.map(parseHeader);
    const batches = flags.value === undefined ? this.#input(flags) : oneRecord(flags.value);
    await using client = await this.connect(flags);
    const acks = flags.acks === 'all' ? 'all' : flags.acks === '1' ? 1 : 0;
    await using producer = client.producer({
      acks,
      compression: flags.compression,
      lingerMs: 5,
      batchBytes: 256 * 1024,
    });
    let failure: unknown;
    let sent = 0;
    const chunks: { readonly settled: Promise<unknown>; readonly sizeBytes: number }[] = [];
    let waitingBytes = 0;
    for await (const records of batches) {
      const settled = records.map((record) =>
        producer.send(record.topic ?? args.topic, toSend(record, flags, headers)).then(
          () => void sent++,
          (error: unknown) => {
            failure ??= error;
          },
        ),
      );
      const sizeBytes = records.reduce(
        (sum, record) => sum + (record.key?.length ?? 0) + (record.value?.length ?? 0),
        0,
      );
      chunks.push({ settled: Promise.all(settled), sizeBytes });
      waitingBytes += sizeBytes;
      // A fast input must not pile up behind a slow broker.
      while (waitingBytes > waitingBytesMax && chunks.length > 0) {
        const oldest = chunks.shift();
        await oldest?.settled;
        waitingBytes -= oldest?.sizeBytes ?? 0;
      }
      if (failure !== undefined) break;
    }
    await producer.flush();
    await Promise.all(chunks.map((chunk) => chunk.settled));
    if (failure !== undefined) throw failure;
    if (!flags.quiet) process.stderr.write(`${args.topic}: ${sent} ${sent === 1 ? 'record' : 'records'} sent\n`);
  }

  #input(flags: {
    readonly file?: string | undefined;
    readonly input: (typeof inputKinds)[number];
    readonly format?: string | undefined;
    readonly delimiter: string;
    readonly 'key-delimiter'?: string | undefined;
  }): AsyncIterable<readonly ProduceRecord[]> {
    if (flags.file === undefined && process.stdin.isTTY)
      process.stderr.write('reading records from the terminal; end with ctrl-d\n');
    const chunks =
      flags.file === undefined ? process.stdin : createReadStream(flags.file, { highWaterMark: 1024 * 1024 });
    return readInput(chunks, {
      kind: flags.input,
      format: flags.format,
      delimiter: flags.delimiter,
      keyDelimiter: flags['key-delimiter'],
      maxRecordBytes,
    });
  }
}

async function* oneRecord(value: string): AsyncGenerator<readonly ProduceRecord[]> {
  yield [{ key: null, value: utf8.encode(value), headers: [] }];
}

function toSend(
  record: ProduceRecord,
  flags: { readonly key?: string | undefined; readonly partition?: number | undefined; readonly tombstone: boolean },
  headers: readonly HeaderView[],
): {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly HeaderView[];
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
} {
  if (record.partition !== undefined && record.partition < 0)
    throw new CliError(`partition ${record.partition} is negative`, { exitCode: ExitCode.USAGE });
  const key = record.key === null && flags.key !== undefined ? utf8.encode(flags.key) : record.key;
  const value = flags.tombstone && record.value?.length === 0 ? null : record.value;
  return {
    key,
    value,
    headers: headers.length === 0 ? record.headers : [...record.headers, ...headers],
    partition: record.partition ?? flags.partition,
    timestamp: record.timestampMs,
  };
}
