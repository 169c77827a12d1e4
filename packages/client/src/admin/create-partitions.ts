import { CreatePartitions } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { ChangeOptions } from './admin.ts';
import { throwFirstFailure } from './first-failure.ts';

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
  options: ChangeOptions,
): Promise<void> {
  const body = {
    topics: topics.map(({ topic, count, assignments }) => ({
      name: topicName(topic),
      count,
      assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
    })),
    timeoutMs: cluster.options.requestTimeoutMs,
    validateOnly: options.validateOnly ?? false,
  };
  await cluster.retrying(
    async () => {
      const response = await cluster.callController(CreatePartitions, body, { signal: options.signal });
      throwFirstFailure(response.results.map((outcome) => ({ ...outcome, topic: outcome.name })));
    },
    { signal: options.signal },
  );
  const known = body.topics.map(({ name }) => name).filter((name) => cluster.view.topics.has(name));
  if (known.length > 0) await cluster.refresh(known, options.signal);
}
