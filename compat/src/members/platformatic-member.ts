import {
  type CallbackWithPromise,
  Consumer,
  type FetchOptions,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  stringDeserializers,
} from '@platformatic/kafka';
import { type GroupClient, until } from './member.ts';

type FetchCallback = CallbackWithPromise<Awaited<ReturnType<Consumer['fetch']>>>;

/** @platformatic/kafka, in a classic group or in a KIP-848 one. */
export function platformaticGroupClient(groupProtocol: 'classic' | 'consumer'): GroupClient {
  return {
    name: `@platformatic/kafka (${groupProtocol})`,
    async join(bootstrap, groupId, topic) {
      const consumer = new Consumer({
        clientId: 'compat',
        groupId,
        groupProtocol,
        bootstrapBrokers: [bootstrap],
        deserializers: stringDeserializers,
        heartbeatInterval: 200,
        ...(groupProtocol === 'classic' ? { sessionTimeout: 6000 } : {}),
        maxWaitTime: 200,
      });
      const received: string[] = [];
      const fetches = watchFetches(consumer);
      const stream = await consumer.consume({
        topics: [topic],
        mode: MessagesStreamModes.COMMITTED,
        fallbackMode: MessagesStreamFallbackModes.EARLIEST,
        autocommit: true,
      });
      const read = new Map<number, bigint>();
      const committed = new Map<number, bigint>();
      stream.on('autocommit', (_error, offsets) => {
        for (const { partition, offset } of offsets ?? []) committed.set(partition, offset);
      });
      const reading = (async () => {
        for await (const { value, partition, offset } of stream) {
          received.push(value);
          read.set(partition, offset + 1n);
        }
      })().catch(() => undefined);
      const assigned = (): readonly number[] =>
        consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
      const uncommitted = (): readonly number[] =>
        assigned().filter((partition) => (committed.get(partition) ?? 0n) < (read.get(partition) ?? 0n));
      return {
        assigned: () => (fetches.areWithin(assigned()) ? assigned() : []),
        received,
        async leave() {
          // 2.12.1 closes after the commit that is under way and forgets what was read since; the next fetch's answer commits it.
          await until(
            () => stream.closed || uncommitted().length === 0,
            () => `not committed: ${uncommitted()}`,
          );
          await stream.close();
          await reading;
          await consumer.close(true);
        },
      };
    },
  };
}

/** Which partitions the fetches ask for that are under way. What an answer brings is passed on, though the partition has gone to another. */
function watchFetches(consumer: Consumer<string, string, string, string>) {
  const underWay = new Set<readonly number[]>();
  const fetch = consumer.fetch.bind(consumer);
  const watched = (options: FetchOptions<string, string, string, string>, callback: FetchCallback): void => {
    const asked = options.topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    underWay.add(asked);
    fetch(options, (error, response) => {
      underWay.delete(asked);
      callback(error, response);
    });
  };
  consumer.fetch = watched as typeof consumer.fetch;
  return {
    areWithin: (partitions: readonly number[]) =>
      [...underWay].every((asked) => asked.every((partition) => partitions.includes(partition))),
  };
}
