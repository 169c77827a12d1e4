import { Admin, Connection, findCoordinatorV6, offsetCommitV9 } from '@platformatic/kafka';
import type { Worker } from './worker.ts';

/** Commits ever higher offsets of a group without members; none that was acknowledged may go back. */
export function commits(): Worker {
  const topic = 'commits';
  const groupId = 'commits';
  let told = 0;
  let tried = 0;
  return {
    topic,
    async run(bootstrap, isOver) {
      const addresses = bootstrap.split(',');
      for (let turn = 0; !isOver(); turn++) {
        const [host = '', port] = (addresses[turn % addresses.length] ?? '').split(':');
        const connection = new Connection('commits', { connectTimeout: 1000, requestTimeout: 3000 });
        connection.on('error', () => undefined);
        try {
          await bounded(connection.connect(host, Number(port)));
          // Asking for a group's coordinator is what creates the topic that keeps its offsets.
          const { coordinators } = await bounded(findCoordinatorV6.api.async(connection, 0, [groupId]));
          // Whoever it is will have its turn.
          if (coordinators[0]?.port !== Number(port)) continue;
          while (!isOver()) {
            tried += 1;
            const partitions = [
              { partitionIndex: 0, committedOffset: BigInt(tried), committedLeaderEpoch: -1, committedMetadata: '' },
            ];
            // It rejects at any error code.
            await bounded(offsetCommitV9.api.async(connection, groupId, -1, '', null, [{ name: topic, partitions }]));
            told = tried;
          }
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        } finally {
          await bounded(connection.close()).catch(() => undefined);
        }
      }
    },
    acknowledged: () => told,
    async check({ bootstrap }) {
      const admin = new Admin({ clientId: 'commits', bootstrapBrokers: bootstrap.split(',') });
      const groups = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      await admin.close();
      const found = groups[0]?.topics.find(({ name }) => name === topic)?.partitions[0]?.committedOffset ?? -1n;
      return found >= told && found <= tried
        ? []
        : [`${groupId}: ${told} was committed, ${found} is there, ${tried} was tried`];
    },
  };
}

/** Its time-outs do not cover a connection that is lost at the wrong moment: then it would wait for ever. */
function bounded<T>(work: T | Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer')), 5000);
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}
