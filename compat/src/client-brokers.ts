import { startEmbeddedBroker } from '@ks/broker';
import { describe } from 'vitest';
import { startKafka } from './kafka/kafka-broker.ts';
import { fetchKafka } from './kafka/kafka-jars.ts';
import { describeWith, triedAgain } from './peers.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A broker that our client is tried at. */
export interface BrokerOfTest extends AsyncDisposable {
  readonly port: number;
  readonly bootstrap: string;
}

/** The same tests at ks and at Apache Kafka. */
export function atEachBroker(tests: (start: () => Promise<BrokerOfTest>) => void): void {
  describe('at ks', () => tests(() => startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } })));
  describeWith('Kafka')('at Apache Kafka', triedAgain, () => tests(startApacheKafka));
}

async function startApacheKafka(): Promise<BrokerOfTest> {
  await fetchKafka();
  const directory = await temporaryDirectory();
  const kafka = await startKafka(directory.path);
  return {
    port: kafka.port,
    bootstrap: kafka.bootstrap,
    [Symbol.asyncDispose]: async () => {
      await kafka.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Looks until it is so; the test's own time limit ends it. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
