import { missing } from '../peers.ts';
import { commits } from './commits-worker.ts';
import { confluentCopies, confluentGroup, confluentProducer, confluentTransactions } from './confluent-workers.ts';
import { kafkajsGroup } from './kafkajs-group-worker.ts';
import { kafkajsProducer, kafkajsTransactions } from './kafkajs-workers.ts';
import { kcatProducer } from './kcat-worker.ts';
import type { Worker } from './worker.ts';

/** Sessions end soon, so that whoever was killed is missed soon. */
export const mixConfig = {
  'num.partitions': '3',
  'group.min.session.timeout.ms': '1000',
  'group.consumer.min.session.timeout.ms': '3000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.heartbeat.interval.ms': '300',
  'group.consumer.heartbeat.interval.ms': '300',
};

/** Every kind of client at once; those of Python where they are installed. */
export function mixOfWorkers(random: () => number): readonly Worker[] {
  const ofNode = [kafkajsProducer(false), kafkajsProducer(true), kafkajsTransactions(), commits(), kafkajsGroup()];
  const all = [...ofNode, kcatProducer()];
  if (missing('Python').length > 0) return all;
  const producer = confluentProducer();
  return [...all, producer, confluentTransactions(), confluentGroup(), confluentCopies(producer, random)];
}
