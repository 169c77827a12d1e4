import { GroupLedger } from './group-ledger.ts';
import { insisting } from './insisting.ts';
import { partitions, patientKafkajs, pause } from './kafkajs-workers.ts';
import type { Worker } from './worker.ts';

/** What members tell of themselves. */
export type MemberTold = Pick<GroupLedger, 'assigned' | 'got' | 'tries' | 'committed'>;

/** Has members leave. */
export type Stop = () => Promise<void>;

/** Longest wait for the members to get what is left when the killing is over. */
const PATIENCE_MS = 90_000;

/** A group that reads what a producer sends all the while, whosever its members are; the group is named as its topic. */
export function groupWorker(
  topic: string,
  join: (bootstrap: string, topic: string, told: MemberTold) => Promise<readonly Stop[]>,
): Worker {
  const ledger = new GroupLedger(topic);
  const sent: string[] = [];
  return {
    topic,
    async run(bootstrap, isOver) {
      const stops = await join(bootstrap, topic, ledger);
      await produce(bootstrap, topic, isOver, sent);
      const deadline = performance.now() + PATIENCE_MS;
      while (!sent.every((value) => ledger.has(value)) && performance.now() < deadline) await pause();
      await Promise.all(stops.map((stop) => stop()));
    },
    acknowledged: () => ledger.commitCount,
    async check(read) {
      const { bootstrap } = read;
      const admin = patientKafkajs(bootstrap).admin();
      await admin.connect();
      const committed = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
      await admin.disconnect();
      const offsets = committed
        .flatMap((each) => each.partitions)
        .map((each) => [each.partition, Number(each.offset)] as const);
      const records = await read.records(topic, 'read_committed');
      const inLog = new Set([...records.values()].flat());
      const lost = sent
        .filter((value) => !inLog.has(value))
        .map((value) => `${topic}: ${value} was acknowledged and is lost`);
      return [...lost, ...ledger.check(new Map(offsets), sent)];
    },
  };
}

/** Sends until it is over; `sent` gets what was acknowledged. */
async function produce(bootstrap: string, topic: string, isOver: () => boolean, sent: string[]): Promise<void> {
  const producer = patientKafkajs(bootstrap).producer({ idempotent: true, maxInFlightRequests: 1 });
  await insisting(() => producer.connect());
  for (let count = 0; !isOver(); count += 1) {
    // One partition at a time: of a request for several, kafkajs takes what another leader was to get for sent when it moves.
    for (const partition of partitions) {
      const value = `${count}.${partition}`;
      const isSent = await producer.send({ topic, acks: -1, messages: [{ value, partition }] }).then(
        () => true,
        () => false,
      );
      if (isSent) sent.push(value);
    }
    await pause();
  }
  await producer.disconnect();
}
