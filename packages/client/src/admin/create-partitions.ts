import { CreatePartitions } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { ChangeOptions } from './admin-options.ts';
import { outcomeOf, settleEach } from './items.ts';

export interface NewPartitions {
  readonly topic: AnyTopic | string;
  /** How many there shall be in all. */
  readonly count: number;
  /** Brokers of each new partition; default: the cluster places them. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
}

export async function createPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  { signal, validateOnly = false }: ChangeOptions,
): Promise<void> {
  const wanted = topics.map(({ topic, count, assignments }) => ({
    name: topicName(topic),
    count,
    assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
  }));
  const timeoutMs = cluster.options.requestTimeoutMs;
  await settleEach(
    cluster,
    wanted,
    async (some) => {
      const body = { topics: some, timeoutMs, validateOnly };
      const { results } = await cluster.callController(CreatePartitions, body, { signal });
      return some.map(({ name: topic }) =>
        outcomeOf(
          results.find(({ name }) => name === topic),
          () => undefined,
          { topic },
        ),
      );
    },
    { signal, label: ({ name }) => name },
  );
  const known = wanted.map(({ name }) => name).filter((name) => cluster.view.topics.has(name));
  if (known.length > 0) await cluster.refresh(known, signal);
}
