import kafkajs from 'kafkajs';
import { pause } from './fault-cluster.ts';

/** The topic of the probe; it is made by the worker that watches. */
export const PROBE_TOPIC = 'watched';
const PROBE_PARTITIONS = [0, 1, 2] as const;

/** Has records acknowledged by all in sync and read again for a while, without a retry; gives what failed. */
export async function probeService(bootstrap: string, forMs: number): Promise<readonly string[]> {
  const client = new kafkajs.Kafka({
    brokers: bootstrap.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2000,
    requestTimeout: 5000,
    retry: { retries: 0 },
  });
  const failures: string[] = [];
  const producer = client.producer();
  const admin = client.admin();
  try {
    await producer.connect();
    await admin.connect();
    const deadline = performance.now() + forMs;
    while (performance.now() < deadline) {
      const ends = new Map<number, number>();
      for (const partition of PROBE_PARTITIONS) {
        const [told] = await producer.send({
          topic: PROBE_TOPIC,
          acks: -1,
          messages: [{ value: 'probe', partition }],
          timeout: 5000,
        });
        ends.set(partition, Number(told?.baseOffset) + 1);
      }
      for (const { partition, high } of await admin.fetchTopicOffsets(PROBE_TOPIC)) {
        if (Number(high) < (ends.get(partition) ?? 0))
          failures.push(`${PROBE_TOPIC}-${partition} is read up to ${high}, ${ends.get(partition)} was acknowledged`);
      }
      await pause(100);
    }
  } catch (error) {
    failures.push(`the probe failed: ${error instanceof Error ? error.message : error}`);
  } finally {
    await producer.disconnect().catch(() => undefined);
    await admin.disconnect().catch(() => undefined);
  }
  return failures;
}
