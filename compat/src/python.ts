import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from './processes/run-command.ts';

/** `compat/python/install` makes it, out of git. */
const build = fileURLToPath(new URL('../build', import.meta.url));

/** Whether the Python clients were installed. Under CI their absence is a failure, elsewhere a visible skip. */
export const havePython = existsSync(`${build}/python.installed`);

/** The interpreter that has the clients. */
export const python = `${build}/python/bin/python`;

/** Where one of compat/python's programs lies. */
export const pythonProgram = (name: string): string => fileURLToPath(new URL(`../python/${name}`, import.meta.url));

/** How one scenario of a Python program went. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly error?: string;
  readonly trace?: string;
}

/** Runs one of compat/python's programs against a broker; `old` with kafka-python of the 2.0 line. */
export async function runPython(
  program: 'confluent.py' | 'kafka_python.py',
  bootstrap: string,
  old = false,
): Promise<readonly ScenarioResult[]> {
  const { out } = await runCommand(python, [pythonProgram(program), bootstrap], {
    timeoutMs: 180_000,
    ...(old ? { env: { PYTHONPATH: `${build}/python-old` } } : {}),
  });
  return out
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): ScenarioResult => JSON.parse(line));
}
