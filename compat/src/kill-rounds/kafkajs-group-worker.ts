import type kafkajs from 'kafkajs';
import { groupWorker, type MemberTold, type Stop } from './group-worker.ts';
import { insisting } from './insisting.ts';
import { patientKafkajs } from './kafkajs-workers.ts';
import type { Worker } from './worker.ts';

/** Two members of a classic group by kafkajs, which commit what they have got before they take more. */
export function kafkajsGroup(): Worker {
  return groupWorker('kafkajs-group', (bootstrap, topic, told) =>
    Promise.all(['first', 'second'].map((name) => join(bootstrap, topic, name, told))),
  );
}

/** A member that comes back whatever happens to it: kafkajs gives up for good where a coordinator cannot be found for a while. */
async function join(bootstrap: string, topic: string, name: string, told: MemberTold): Promise<Stop> {
  let isLeaving = false;
  let member: kafkajs.Consumer | undefined;
  const begin = async (): Promise<void> => {
    const consumer = consumerOf(bootstrap, topic);
    member = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const partition of payload.memberAssignment[topic] ?? []) told.assigned(name, partition);
    });
    // Its `commitOffsets` resolves with nothing committed where the consumer stops meanwhile: only this says that a coordinator took it.
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { partitions } of payload.topics)
        for (const { partition, offset } of partitions) told.committed(partition, Number(offset));
    });
    consumer.on(consumer.events.CRASH, async ({ payload }) => {
      if (!payload.restart && !isLeaving) await begin();
    });
    await insisting(() => consumer.connect());
    await insisting(() => consumer.subscribe({ topic, fromBeginning: true }));
    await consumer.run({ autoCommit: false, eachBatch: (payload) => take(consumer, payload, name, told) });
  };
  await begin();
  return async () => {
    isLeaving = true;
    await member?.disconnect();
  };
}

function consumerOf(bootstrap: string, groupId: string): kafkajs.Consumer {
  return patientKafkajs(bootstrap).consumer({
    groupId,
    sessionTimeout: 3000,
    heartbeatInterval: 300,
    rebalanceTimeout: 3000,
    maxWaitTimeInMs: 100,
    // Only a member that gives up and begins anew asks where its coordinator is: all its retries go to the one it knew.
    retry: { retries: 8, initialRetryTime: 30, maxRetryTime: 200, restartOnFailure: async () => true },
  });
}

async function take(
  consumer: kafkajs.Consumer,
  { batch, resolveOffset }: kafkajs.EachBatchPayload,
  name: string,
  told: MemberTold,
): Promise<void> {
  const { topic, partition } = batch;
  for (const { offset, value } of batch.messages) {
    told.got(name, partition, Number(offset), String(value));
    resolveOffset(offset);
  }
  const end = Number(batch.lastOffset()) + 1;
  told.tries(partition, end);
  // Whoever has the partition next finds what was committed before.
  await consumer.commitOffsets([{ topic, partition, offset: `${end}` }]).catch(() => undefined);
}
