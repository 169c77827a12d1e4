import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CommandOptions, runCommand } from './processes/run-command.ts';

/** `compat/python/install` makes it: out of git. */
const interpreter = fileURLToPath(new URL('../build/python/bin/python', import.meta.url));

/** Whether the Python clients were installed. Under CI their absence is a failure, elsewhere a visible skip. */
export const havePython = existsSync(interpreter);

/** Runs one of compat/python's programs and gives what it printed; rejects when it fails. */
export async function python(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const source = fileURLToPath(new URL(`../python/${program}`, import.meta.url));
  return (await runCommand(interpreter, [source, ...args], options)).out.toString();
}
