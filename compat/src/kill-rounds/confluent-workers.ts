import { kcat } from '../kcat.ts';
import { python, pythonProgram } from '../python.ts';
import { groupWorker } from './group-worker.ts';
import { partitions, pause } from './kafkajs-workers.ts';
import { type LineProgram, startLineProgram } from './line-program.ts';
import { TransactionOutcomes } from './transaction-outcomes.ts';
import { checkPartition, type Worker } from './worker.ts';

type Told = (words: readonly string[]) => void;

function start(told: Told, ...args: readonly string[]): LineProgram {
  return startLineProgram(python, [pythonProgram('crash.py'), ...args], told);
}

async function until(isOver: () => boolean): Promise<void> {
  while (!isOver()) await pause();
}

/** confluent-kafka (librdkafka) with idempotence: each record once and in order. */
export function confluentProducer(): Worker {
  const topic = 'confluent-idempotent';
  const acknowledged = new Map<number, string[]>(partitions.map((partition) => [partition, []]));
  const broken: string[] = [];
  return {
    topic,
    async run(bootstrap, isOver) {
      const told: Told = ([word, partition, value = '', why]) => {
        if (word === 'ok') acknowledged.get(Number(partition))?.push(value);
        else if (word === 'fatal') broken.push(`${topic}-${partition}: ${value} was refused for good: ${why}`);
        else if (word === 'left' && partition !== '0')
          broken.push(`${topic}: ${partition} records were never answered`);
      };
      const program = start(told, 'produce', bootstrap, topic);
      await until(isOver);
      await program.finish();
    },
    acknowledged: () => [...acknowledged.values()].reduce((sum, values) => sum + values.length, 0),
    async check(read) {
      const found = await read.records(topic, 'read_uncommitted');
      const lost = partitions.flatMap((partition) =>
        checkPartition(`${topic}-${partition}`, acknowledged.get(partition) ?? [], found.get(partition) ?? [], true),
      );
      return [...broken, ...lost];
    },
  };
}

/** confluent-kafka with transactions over two partitions: all or nothing. */
export function confluentTransactions(): Worker {
  const topic = 'confluent-transactions';
  const outcomes = new TransactionOutcomes(topic);
  return {
    topic,
    async run(bootstrap, isOver) {
      const told: Told = ([word, name = '']) => {
        if (word === 'committed' || word === 'aborted' || word === 'unknown') outcomes.tell(name, word);
      };
      const program = start(told, 'transact', bootstrap, topic);
      await until(isOver);
      await program.finish();
    },
    acknowledged: () => outcomes.committed.length,
    check: async (read) => outcomes.check(await read.records(topic, 'read_committed')),
  };
}

/** Two members of a consumer group (KIP-848) by confluent-kafka. */
export function confluentGroup(): Worker {
  return groupWorker('confluent-group', async (bootstrap, topic, ledger) => {
    const members = ['first', 'second'].map((name) => {
      const told: Told = ([word, ...rest]) => {
        const [partition = -1, offset = -1] = rest.map(Number);
        if (word === 'assigned') for (const each of rest) ledger.assigned(name, Number(each));
        else if (word === 'got') ledger.got(name, partition, offset, rest[2] ?? '');
        else if (word === 'commits') ledger.tries(partition, offset);
        else if (word === 'committed') ledger.committed(partition, offset);
      };
      return start(told, 'consume', bootstrap, topic, topic);
    });
    return members.map((member) => () => member.finish());
  });
}

/** Longest life of a copier. */
const COPIER_LIFE_MS = 6000;

/**
 * Copies what `source` holds by transactions that commit the offsets, too, and is killed again and again, as the broker is: the copy
 * has every record once, in order.
 * @param random decides how long each copier lives
 */
export function confluentCopies(source: Worker, random: () => number): Worker {
  const topic = 'confluent-copies';
  let copied = 0;
  const countIn = async (bootstrap: string): Promise<number> => {
    const flags = ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-X', 'isolation.level=read_committed'];
    return (await kcat(bootstrap, flags).catch(() => '')).split('\n').length - 1;
  };
  return {
    topic,
    async run(bootstrap, isOver) {
      const told: Told = ([word, count]) => {
        if (word === 'copied') copied += Number(count);
      };
      const begin = () => start(told, 'copy', bootstrap, source.topic, topic);
      let copier = begin();
      while (!isOver()) {
        const untilMs = performance.now() + 1000 + random() * COPIER_LIFE_MS;
        await until(() => isOver() || performance.now() > untilMs);
        if (isOver()) break;
        await copier.kill();
        copier = begin();
      }
      const deadline = performance.now() + 90_000;
      while ((await countIn(bootstrap)) < source.acknowledged() && performance.now() < deadline) await pause();
      await copier.finish();
    },
    acknowledged: () => copied,
    async check(read) {
      const [originals, copies] = [
        await read.records(source.topic, 'read_committed'),
        await read.records(topic, 'read_committed'),
      ];
      return partitions.flatMap((partition) => {
        const [wanted, found] = [originals.get(partition) ?? [], copies.get(partition) ?? []];
        const missing = wanted.length - found.length;
        const rest = missing > 0 ? [`${topic}-${partition}: ${missing} records were not copied`] : [];
        return [...rest, ...checkPartition(`${topic}-${partition}`, wanted.slice(0, found.length), found, true)];
      });
    },
  };
}
