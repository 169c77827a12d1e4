import { spawn } from 'node:child_process';
import type { GroupClient } from './member.ts';

/** `kcat -G`: librdkafka's consumer. It says on stderr what it was assigned. */
export const kcatGroupClient: GroupClient = {
  name: 'kcat -G',
  async join(bootstrap, groupId, topic) {
    const settings = ['auto.offset.reset=earliest', 'session.timeout.ms=6000', 'heartbeat.interval.ms=200'];
    const child = spawn(
      'kcat',
      ['-b', bootstrap, '-G', groupId, '-u', ...settings.flatMap((setting) => ['-X', setting]), topic],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const received: string[] = [];
    let assigned: readonly number[] = [];
    let half = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (half + chunk.toString()).split('\n');
      half = lines.pop() ?? '';
      received.push(...lines);
    });
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      const last = told.match(/rebalanced[^\n]*: (assigned|revoked): [^\n]*\n/g)?.at(-1);
      if (last?.includes(': assigned:') === true)
        assigned = [...last.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]));
      else if (last !== undefined) assigned = [];
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return {
      assigned: () => assigned,
      received,
      async leave() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  },
};
