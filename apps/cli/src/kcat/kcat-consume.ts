import { choosePartitions } from '../consume/choose-partitions.ts';
import type { PartitionPlan } from '../consume/partition-plan.ts';
import { type BatchPrinter, formatPrinter, piecesPrinter } from '../consume/print-batch.ts';
import { readGroup } from '../consume/read-group.ts';
import { planPartitions, readTopics } from '../consume/read-topics.ts';
import { usage } from '../errors/usage.ts';
import { delimiterBytes } from '../input/read-input.ts';
import { parseOffsetRange } from '../offsets/offset-range.ts';
import type { RecordView } from '../records/record-view.ts';
import { type KcatArguments, lastOf, misused } from './kcat-arguments.ts';
import { toKcatEnvelope } from './kcat-envelope.ts';
import { parseKcatFormat } from './kcat-format.ts';
import { countOf, type KcatSession, partitionOf, say, topicOf } from './kcat-session.ts';

type BrokerOf = (topic: string, partition: number) => number;

/** `kcat -C`. */
export async function kcatConsume({ given, properties, settings, client, signal }: KcatSession): Promise<void> {
  const topic = topicOf(given);
  const leaders = new Map<number, number>();
  const printer = printerOf(given, (_, partition) => leaders.get(partition) ?? -1);
  const range = usage(() => parseOffsetRange(offsetOf(given), Date.now()));
  if (range.from.type === 'stored' || range.from.type === 'group') throw misused('stored offsets take a group: -G');
  const partition = partitionOf(given);
  const chosen = await choosePartitions(client.admin, {
    topics: [topic],
    isRegex: false,
    partitions: partition === undefined ? undefined : [partition],
    place: settings.place,
  });
  for (const { partition: number, leaderId } of chosen) leaders.set(number, leaderId);
  const isolationLevel = properties.isReadCommitted ? 'read_committed' : 'read_uncommitted';
  const stopsAtEnd = given.switches.has('e');
  const plans = await planPartitions(client, chosen, range, isolationLevel, stopsAtEnd);
  const count = countOf(given);
  await readTopics(client, { plans, printer, isolationLevel, count, signal });
  if (stopsAtEnd && count === undefined) tellEnds(given, plans);
}

/** `kcat -G group topic...`. Its balanced consumer starts at the end where the group has committed nothing, as there. */
export async function kcatGroup(session: KcatSession): Promise<void> {
  const { given, properties, settings, client, signal } = session;
  const group = lastOf(given, 'G') ?? '';
  const topics = given.operands;
  if (topics.length === 0) throw misused('-G takes the group and, behind it, topics');
  session.endWithReader();
  const chosen = await choosePartitions(client.admin, {
    topics,
    isRegex: false,
    partitions: undefined,
    place: settings.place,
  });
  const leaders = new Map(chosen.map(({ topic, partition, leaderId }) => [`${topic} ${partition}`, leaderId]));
  await readGroup(client, {
    group,
    topics,
    from: properties.startsAt,
    stopAtEnd: given.switches.has('e'),
    printer: printerOf(given, (topic, partition) => leaders.get(`${topic} ${partition}`) ?? -1),
    isolationLevel: properties.isReadCommitted ? 'read_committed' : 'read_uncommitted',
    count: countOf(given),
    signal,
  });
}

/** `-o`, of which the last start and the last stop count: `-o s@1 -o e@2`. */
function offsetOf({ values }: KcatArguments): string {
  const given = values.get('o') ?? [];
  const stop = given.findLast((text) => text.startsWith('e@'));
  const start = given.findLast((text) => !text.startsWith('e@'));
  if (stop === undefined) return start ?? 'beginning';
  if (start === undefined) return stop;
  if (!start.startsWith('s@')) throw misused('a stop time goes with a start time: -o s@... -o e@...');
  return `@${start.slice(2)}:${stop.slice(2)}`;
}

function printerOf(given: KcatArguments, brokerOf: BrokerOf): BatchPrinter {
  const { switches } = given;
  const showsNull = switches.has('Z');
  const delimiter = delimiterBytes(lastOf(given, 'D') ?? '\\n');
  if (switches.has('J')) {
    return piecesPrinter((record, _, out) => out.push(Buffer.from(toKcatEnvelope(record, brokerOf)), delimiter));
  }
  const format = lastOf(given, 'f');
  if (format !== undefined) {
    const write = usage(() => parseKcatFormat(format, { showsNull }));
    return piecesPrinter((record, _, out) => write(record, out));
  }
  const keyDelimiter = lastOf(given, 'K');
  if (keyDelimiter === undefined && !showsNull) {
    return formatPrinter([
      { type: 'text', field: 'value', encoding: { type: 'raw' } },
      { type: 'literal', bytes: delimiter },
    ]);
  }
  const write = usage(() => parseKcatFormat('%s', { showsNull }));
  const writeKey = usage(() => parseKcatFormat('%k', { showsNull }));
  const between = keyDelimiter === undefined ? undefined : delimiterBytes(keyDelimiter);
  return piecesPrinter((record: RecordView, _, out) => {
    if (between !== undefined) {
      writeKey(record, out);
      out.push(between);
    }
    write(record, out);
    out.push(delimiter);
  });
}

function tellEnds(given: KcatArguments, plans: readonly PartitionPlan[]): void {
  plans.forEach(({ topic, partition, stop }, index) => {
    const last = index === plans.length - 1 ? ': exiting' : '';
    say(given, `Reached end of topic ${topic} [${partition}] at offset ${stop}${last}`);
  });
}
