import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { type GroupClient, until } from './member.ts';

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
        assigned,
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
