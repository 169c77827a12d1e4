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
        stdio: ['pipe', 'pipe', 'ignore'],
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
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      return {
        assigned: () => assigned,
        received,
        async leave() {
          child.stdin.on('error', () => undefined);
          child.stdin.write('\n');
          await ended;
        },
      };
    },
  };
}
