import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { consumerFlags, inputFile, kcat } from '../loads/kcat.ts';
import { type ClientProgram, type ClientTask, isConsuming } from './client-program.ts';

/**
 * librdkafka through kcat: how far native code is. What it prints goes nowhere, what it sends it reads from a file of lines; start and
 * end of the process count. It has no single awaited sends and no batches for readers.
 */
export function kcatClient(scratch: string): ClientProgram {
  return {
    name: 'kcat',
    version: 'librdkafka',
    can: ({ load }) => load === 'batched' || load === 'consume',
    async run(task) {
      const { seconds, cpuSeconds } = isConsuming(task)
        ? await timed([
            '-C',
            ...placeOf(task),
            '-o',
            'beginning',
            '-c',
            String(task.records),
            '-e',
            '-q',
            ...consumerFlags,
          ])
        : await timed(['-P', ...placeOf(task), ...producerFlags(task)], await inputOf(task, scratch));
      return { records: task.records, seconds, cpuSeconds, loopDelayP99Ms: Number.NaN };
    },
  };
}

/** Undefined where it is there. */
export const kcatMissing = (): Promise<string | undefined> => kcat.missing();

function placeOf({ bootstrap, topic }: ClientTask): readonly string[] {
  return ['-b', bootstrap, '-t', topic, '-p', '0'];
}

function producerFlags({ compression }: ClientTask): readonly string[] {
  const settings = ['acks=all', 'enable.idempotence=true', 'linger.ms=5', `compression.codec=${compression}`];
  return settings.flatMap((setting) => ['-X', setting]);
}

function inputOf({ records, recordBytes }: ClientTask, scratch: string): Promise<string> {
  return inputFile({ records, recordBytes, scratch });
}

/** The shell's own clock tells what a process that has ended has used. */
async function timed(
  args: readonly string[],
  input?: string,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time kcat "$@"', 'kcat', ...args], {
    stdio: [input === undefined ? 'ignore' : openSync(input, 'r'), 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const [seconds, user, system] = said.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  if (code !== 0 || seconds === undefined) throw new Error(`kcat ended with ${code}: ${said}`);
  return { seconds, cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN) };
}
