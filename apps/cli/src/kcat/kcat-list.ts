import process from 'node:process';
import type { ClusterDescription, TopicDescription } from '@ks/client';
import { lastOf } from './kcat-arguments.ts';
import type { KcatSession } from './kcat-session.ts';

/** `kcat -L`: brokers, topics and partitions, as text or, with `-J`, as JSON. */
export async function kcatList({ given, settings, client }: KcatSession): Promise<void> {
  const topic = lastOf(given, 't');
  const listed = await client.admin.listTopics({ includeInternal: true });
  const names = topic === undefined ? listed.map(({ name }) => name) : [topic];
  const [cluster, topics] = await Promise.all([client.admin.describeCluster(), client.admin.describeTopics(names)]);
  const from = `${settings.brokers.split(',')[0]}/bootstrap`;
  process.stdout.write(
    given.switches.has('J') ? asJson(from, topic, cluster, topics) : asText(from, topic, cluster, topics),
  );
}

function asText(
  from: string,
  topic: string | undefined,
  { brokers, controllerId }: ClusterDescription,
  topics: readonly TopicDescription[],
): string {
  const lines = [`Metadata for ${topic ?? 'all topics'} (from broker -1: ${from}):`, ` ${brokers.length} brokers:`];
  for (const { nodeId, host, port } of brokers) {
    lines.push(`  broker ${nodeId} at ${host}:${port}${nodeId === controllerId ? ' (controller)' : ''}`);
  }
  lines.push(` ${topics.length} topics:`);
  for (const { name, partitions } of topics) {
    lines.push(`  topic "${name}" with ${partitions.length} partitions:`);
    for (const { partition, leaderId, replicas, isr } of partitions) {
      lines.push(
        `    partition ${partition}, leader ${leaderId}, replicas: ${replicas.join(',')}, isrs: ${isr.join(',')}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function asJson(
  from: string,
  topic: string | undefined,
  { brokers, controllerId }: ClusterDescription,
  topics: readonly TopicDescription[],
): string {
  const ids = (numbers: readonly number[]) => numbers.map((id) => ({ id }));
  return JSON.stringify({
    originating_broker: { id: -1, name: from },
    query: { topic: topic ?? '*' },
    controllerid: controllerId,
    brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, name: `${host}:${port}` })),
    topics: topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map(({ partition, leaderId, replicas, isr }) => ({
        partition,
        leader: leaderId,
        replicas: ids(replicas),
        isrs: ids(isr),
      })),
    })),
  });
}
