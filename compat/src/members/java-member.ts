import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { kafkaClassPath } from '../kafka/kafka-jars.ts';
import type { GroupClient } from './member.ts';

const program = fileURLToPath(new URL('GroupMember.java', import.meta.url));

/** Apache Kafka's own consumer, in either protocol; `settings` go over its defaults. */
export function javaGroupClient(
  protocol: 'classic' | 'consumer',
  settings: Readonly<Record<string, string>> = {},
): GroupClient {
  return {
    name: `Java, ${protocol}`,
    async join(bootstrap, groupId, topic) {
      const given = Object.entries({ 'group.protocol': protocol, ...settings }).map((setting) => setting.join('='));
      const flags = ['-XX:TieredStopAtLevel=1', '-Xmx256M', '-Dlog4j2.level=OFF', '-cp', kafkaClassPath];
      const child = spawn('java', [...flags, program, bootstrap, groupId, topic, ...given], {
        stdio: 'pipe',
      });
      const received: string[] = [];
      let assigned: readonly number[] = [];
      let half = '';
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = (half + chunk.toString()).split('\n');
        half = lines.pop() ?? '';
        for (const line of lines) {
          if (line.startsWith('got ')) received.push(line.slice('got '.length));
          else if (line.startsWith('has')) assigned = line.split(' ').slice(1).map(Number);
        }
      });
      let complaints = '';
      child.stderr.on('data', (chunk: Buffer) => {
        complaints = (complaints + chunk.toString()).slice(-2000);
      });
      let isLeaving = false;
      let failure: Error | undefined;
      const ended = new Promise<void>((resolve) =>
        child.once('close', () => {
          if (!isLeaving) failure = new Error(`the Java member of ${groupId} has ended by itself: ${complaints}`);
          resolve();
        }),
      );
      return {
        assigned() {
          if (failure !== undefined) throw failure;
          return assigned;
        },
        received,
        async leave() {
          isLeaving = true;
          child.stdin.on('error', () => undefined);
          child.stdin.write('\n');
          await ended;
        },
      };
    },
  };
}
