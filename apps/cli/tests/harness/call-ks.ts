import { fileURLToPath } from 'node:url';
import { Config, type Interfaces } from '@oclif/core';
import { commands } from '../../src/commands.ts';
import { packageJson, rootPath } from '../../src/package-json.ts';
import type { Ended } from './run-ks.ts';

/** What is left of package.json for a command that is called by its class. */
function callerConfig(): Promise<Config> {
  const { oclif, ...rest } = packageJson();
  const pjson: Interfaces.PJSON = { ...rest, oclif: { bin: oclif.bin ?? 'ks', topicSeparator: ' ' } };
  return Config.load({ root: fileURLToPath(rootPath), pjson });
}

let loaded: Promise<Config> | undefined;
/** They share standard output: each waits for the one before. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a command within this process: far quicker than a process each, the same but for standard input, signals and the end. */
export function callKs(args: readonly string[], brokers: string): Promise<Ended> {
  const called = last.then(() => call(args, brokers));
  last = called.catch(() => undefined);
  return called;
}

/** As where output goes to a pipe, whatever the runner of the tests has set for itself. */
function withoutColour(): void {
  delete process.env['FORCE_COLOR'];
  process.env['NO_COLOR'] = '1';
}

async function call(args: readonly string[], brokers: string): Promise<Ended> {
  withoutColour();
  loaded ??= callerConfig();
  const id = Object.keys(commands).find((name) => name === args.slice(0, name.split(':').length).join(':'));
  const command = Object.entries(commands).find(([name]) => name === id)?.[1];
  if (id === undefined || command === undefined) throw new Error(`no command in ${args.join(' ')}`);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const streams = [
    [process.stdout, stdout],
    [process.stderr, stderr],
  ] as const;
  const before = streams.map(([stream]) => stream.write);
  const formerBrokers = process.env['KS_BROKERS'];
  process.env['KS_BROKERS'] = brokers;
  process.env['KS_CONFIG'] = '/nonexistent/ks.yaml';
  for (const [stream, chunks] of streams) {
    stream.write = (chunk: Uint8Array | string) => chunks.push(Buffer.from(chunk)) > 0;
  }
  try {
    await command.run(args.slice(id.split(':').length), await loaded);
  } finally {
    streams.forEach(([stream], index) => {
      const write = before[index];
      if (write !== undefined) stream.write = write;
    });
    if (formerBrokers === undefined) delete process.env['KS_BROKERS'];
    else process.env['KS_BROKERS'] = formerBrokers;
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  const bytes = Buffer.concat(stdout);
  return { code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString() };
}
