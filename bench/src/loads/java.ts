import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kafkaClassPath, kafkaVersion, missingKafka } from '../peers/kafka.ts';
import type { LoadClient } from './load.ts';

const run = promisify(execFile);

/** Apache Kafka's own performance tools, over its Java client. Their figures leave out the start of the JVM. */
export const java: LoadClient = {
  name: 'java',
  version: async () => `Apache Kafka ${kafkaVersion()} ProducerPerformance and ConsumerPerformance`,
  missing: missingKafka,
  async produce(broker, options) {
    const { stdout } = await run(
      'java',
      [
        '-Xmx512M',
        '-cp',
        kafkaClassPath,
        'org.apache.kafka.tools.ProducerPerformance',
        '--topic',
        options.topic,
        '--num-records',
        String(options.records),
        '--record-size',
        String(options.recordBytes),
        '--throughput',
        '-1',
        '--command-property',
        `bootstrap.servers=${broker.bootstrap}`,
        `acks=${options.acks === -1 ? 'all' : options.acks}`,
        `enable.idempotence=${options.delivery !== 'plain'}`,
        `batch.size=${options.batchBytes}`,
        'linger.ms=5',
        'buffer.memory=67108864',
        `compression.type=${options.compression}`,
        ...(options.delivery === 'transactional'
          ? ['--transactional-id', 'bench', '--transaction-duration-ms', '100']
          : []),
      ],
      { maxBuffer: 16 << 20 },
    );
    const last = stdout.trim().split('\n').at(-1) ?? '';
    const rate = Number(/([\d.]+) records\/sec/.exec(last)?.[1]);
    const percentile = (name: string): number => Number(new RegExp(`([\\d.]+) ms ${name}`).exec(last)?.[1]);
    return {
      records: options.records,
      bytes: options.records * options.recordBytes,
      seconds: options.records / rate,
      latencyMs: { p50: percentile('50th'), p99: percentile('99th') },
    };
  },
  async consume(broker, options) {
    const { stdout } = await run(
      'java',
      [
        '-Xmx512M',
        '-cp',
        kafkaClassPath,
        'org.apache.kafka.tools.ConsumerPerformance',
        '--bootstrap-server',
        broker.bootstrap,
        '--topic',
        options.topic,
        '--num-records',
        String(options.records),
        '--timeout',
        '30000',
      ],
      { maxBuffer: 16 << 20 },
    );
    const values = (stdout.trim().split('\n').at(-1) ?? '').split(',').map((word) => word.trim());
    // fetch.time.ms leaves out the joining of the group.
    return { records: Number(values[4]), bytes: Number(values[2]) * 1024 * 1024, seconds: Number(values[7]) / 1000 };
  },
};
