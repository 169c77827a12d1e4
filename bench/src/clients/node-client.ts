import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type ClientProgram, type ClientTask, programPath } from './client-program.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

async function versionOf(packageName: string): Promise<string> {
  // Some packages do not export their package.json: it lies above what they do export.
  const entry = require.resolve(packageName);
  const folder = entry.slice(
    0,
    entry.lastIndexOf(`node_modules/${packageName}/`) + `node_modules/${packageName}/`.length,
  );
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')).version;
}

function nodeClient(
  name: string,
  version: string,
  program: string,
  loads: readonly ClientTask['load'][],
): ClientProgram {
  return {
    name,
    version,
    can: ({ load }) => loads.includes(load),
    async run(task) {
      const { stdout } = await run(process.execPath, [
        '--conditions=@ks/source',
        '--disable-warning=TimeoutNegativeWarning',
        programPath(program),
        JSON.stringify(task),
      ]);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
    },
  };
}

/** The clients that are written for Node.js. @platformatic/kafka has no batches for readers: its stream of records stands for them. */
export async function nodeClients(): Promise<readonly ClientProgram[]> {
  const all: readonly ClientTask['load'][] = ['batched', 'single', 'consume', 'batches'];
  return [
    nodeClient('@ks/client', '0.1.0', 'ks-program', all),
    nodeClient('kafkajs', await versionOf('kafkajs'), 'kafkajs-program', all),
    nodeClient('@platformatic/kafka', await versionOf('@platformatic/kafka'), 'platformatic-program', all),
  ];
}
