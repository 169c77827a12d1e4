import process from 'node:process';
import type { OffsetSpec } from '@ks/client';
import { namingTopics } from '../errors/unknown-topic.ts';
import { misused } from './kcat-arguments.ts';
import type { KcatSession } from './kcat-session.ts';

interface Query {
  readonly topic: string;
  readonly partition: number;
  readonly at: OffsetSpec;
}

/** `kcat -Q -t topic:partition:timestamp`: the offset at that time, -1 where no record is that late. */
export async function kcatQuery({ given, settings, client }: KcatSession): Promise<void> {
  const queries = (given.values.get('t') ?? []).map(parseQuery).toSorted(byPlace);
  if (queries.length === 0) throw misused('-t <topic>:<partition>:<timestamp> missing');
  const topics = queries.map(({ topic }) => topic);
  await namingTopics(client.admin, topics, settings.place, () => client.admin.describeTopics([...new Set(topics)]));
  const listed = await client.admin.listOffsets(queries);
  process.stdout.write(
    queries
      .map(({ topic, partition }, index) => `${topic} [${partition}] offset ${listed[index]?.offset ?? -1}\n`)
      .join(''),
  );
}

/** kcat answers in this order, whatever the order asked in. */
function byPlace(a: Query, b: Query): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;
}

function parseQuery(text: string): Query {
  const match = /^(.+):(\d{1,9}):(-?\d{1,15})$/.exec(text);
  if (match === null) throw misused(`-t: expected "topic:partition:offset_or_timestamp", not ${JSON.stringify(text)}`);
  const [, topic = '', partition, time] = match;
  const timestamp = Number(time);
  const at = timestamp === -1 ? 'end' : timestamp === -2 ? 'beginning' : { timestamp };
  return { topic, partition: Number(partition), at };
}
