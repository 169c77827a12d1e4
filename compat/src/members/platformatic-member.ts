import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import type { GroupClient } from './member.ts';

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
      const reading = (async () => {
        for await (const { value } of stream) received.push(value);
      })().catch(() => undefined);
      return {
        assigned: () => consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [],
        received,
        async leave() {
          await stream.close();
          await reading;
          await consumer.close(true);
        },
      };
    },
  };
}
