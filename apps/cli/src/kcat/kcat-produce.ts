import process from 'node:process';
import { namingTopics } from '../errors/unknown-topic.ts';
import { openInput } from '../input/open-input.ts';
import type { ProduceRecord } from '../input/produce-record.ts';
import { readInput } from '../input/read-input.ts';
import { readWhole } from '../input/read-whole.ts';
import { producerSizes, RecordSender } from '../produce/record-sender.ts';
import { untilInterrupted } from '../produce/until-interrupted.ts';
import { parseHeader } from '../records/parse-header.ts';
import { type KcatArguments, lastOf, misused } from './kcat-arguments.ts';
import { countOf, type KcatSession, partitionOf, topicOf } from './kcat-session.ts';

const RECORD_BYTES_MAX = 128 * 1024 * 1024;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const utf8 = new TextEncoder();

/** `kcat -P`. As there, empty messages are passed over. */
export async function kcatProduce({ given, properties, settings, client, signal }: KcatSession): Promise<void> {
  const topic = topicOf(given);
  const asked = lastOf(given, 'z') ?? properties.compression ?? 'none';
  const compression = codecs.find((codec) => codec === asked);
  if (compression === undefined) throw misused(`-z ${asked} is none of ${codecs.join(', ')}`);
  const key = lastOf(given, 'k');
  const headers = (given.values.get('H') ?? []).map(parseHeader);
  const input = limited(inputOf(given, signal), countOf(given));
  await namingTopics(client.admin, [topic], settings.place, () => client.admin.describeTopics([topic]));
  await using producer = client.producer({
    acks: properties.acks,
    compression,
    lingerMs: properties.lingerMs,
    ...producerSizes,
  });
  const sender = new RecordSender(producer, {
    timestamp: undefined,
    topic,
    headers,
    key: key === undefined ? undefined : utf8.encode(key),
    partition: partitionOf(given),
    namedTopics: 'followed',
    namedPartitions: 'followed',
    emptyIsNull: given.switches.has('Z'),
    emptyKeysAreNull: given.switches.has('Z'),
  });
  try {
    for await (const records of input) {
      await sender.send(records);
      if (given.switches.has('T')) for (const { value } of records) process.stdout.write(value ?? '');
    }
  } finally {
    await sender.finish();
  }
}

/** Each file as one record; with `-l` the lines of one; without files the lines of standard input. */
async function* inputOf(given: KcatArguments, signal: AbortSignal): AsyncGenerator<readonly ProduceRecord[]> {
  const { operands, switches } = given;
  const [first] = operands;
  if (first !== undefined && !switches.has('l')) {
    for (const path of operands) yield* readWhole(untilInterrupted(openInput(path), signal), RECORD_BYTES_MAX);
    return;
  }
  if (operands.length > 1) throw misused('-l takes one file');
  const stream = openInput(first);
  const lines = readInput(untilInterrupted(stream, signal), {
    kind: 'line',
    format: undefined,
    delimiter: lastOf(given, 'D') ?? '\\n',
    keyDelimiter: lastOf(given, 'K'),
    maxRecordBytes: RECORD_BYTES_MAX,
  });
  const isSomething = ({ key, value }: ProduceRecord): boolean => key !== null || (value?.length ?? 0) > 0;
  for await (const records of lines) {
    yield records.every(isSomething) ? records : records.filter(isSomething);
  }
}

async function* limited(
  chunks: AsyncIterable<readonly ProduceRecord[]>,
  count: number | undefined,
): AsyncGenerator<readonly ProduceRecord[]> {
  let left = count ?? Number.POSITIVE_INFINITY;
  for await (const records of chunks) {
    yield records.length > left ? records.slice(0, left) : records;
    left -= records.length;
    if (left <= 0) return;
  }
}
