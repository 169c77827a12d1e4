import { spawn } from 'node:child_process';
import { checkPartition, type Worker } from './worker.ts';

/** One kcat (librdkafka, idempotent, acks=all) that is fed all the while: when it ends well, every line was acknowledged. */
export function kcatProducer(): Worker {
  const topic = 'kcat-idempotent';
  const fed: string[] = [];
  let acknowledged: readonly string[] = [];
  return {
    topic,
    tellsAtItsEnd: true,
    async run(bootstrap, isOver) {
      const settings = [
        'enable.idempotence=true',
        'linger.ms=2',
        'reconnect.backoff.max.ms=200',
        'retry.backoff.ms=50',
      ];
      const child = spawn(
        'kcat',
        ['-b', bootstrap, '-P', '-E', '-t', topic, '-p', '0', ...settings.flatMap((setting) => ['-X', setting])],
        { stdio: ['pipe', 'ignore', 'pipe'] },
      );
      let complaints = '';
      child.stderr.on('data', (chunk: Buffer) => {
        complaints = (complaints + chunk.toString()).slice(-2000);
      });
      child.stdin.on('error', () => undefined);
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      for (let count = 0; !isOver(); count += 1) {
        fed.push(`line ${count}`);
        child.stdin.write(`line ${count}\n`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`kcat ended with ${code}: ${complaints}`);
      acknowledged = fed;
    },
    acknowledged: () => acknowledged.length,
    async check(read) {
      const found = (await read.records(topic, 'read_uncommitted')).get(0) ?? [];
      return checkPartition(topic, acknowledged, found, true);
    },
  };
}
