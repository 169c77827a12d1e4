import { randomInt, randomUUID } from 'node:crypto';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';

/** The text of the record with this number, from 0. */
export type Template = (sequence: number) => string;

const known = '{{seq}}, {{uuid}}, {{now}} (ISO), {{ms}}, {{int FROM TO}}, {{pick A B ...}}';

/** Parses text in which `{{...}}` stands for something made anew for each record. Throws a usage error. */
export function parseTemplate(text: string): Template {
  const parts = text.split(/(\{\{[^{}]*\}\})/).map((part) => {
    const inner = /^\{\{([\s\S]*)\}\}$/.exec(part)?.[1];
    return inner === undefined ? () => part : partOf(inner.trim().split(/\s+/));
  });
  return (sequence) => parts.map((part) => part(sequence)).join('');
}

function partOf([name = '', ...given]: readonly string[]): Template {
  const isBare = given.length === 0;
  if (name === 'seq' && isBare) return String;
  if (name === 'uuid' && isBare) return () => randomUUID();
  if (name === 'now' && isBare) return () => new Date().toISOString();
  if (name === 'ms' && isBare) return () => String(Date.now());
  if (name === 'pick' && !isBare) return () => given[randomInt(given.length)] ?? '';
  const [from, to] = given.map(Number);
  const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(to) && given.length === 2;
  if (name === 'int' && from !== undefined && to !== undefined && isRange && from <= to && to - from < 2 ** 48 - 1) {
    return () => String(randomInt(from, to + 1));
  }
  throw new CliError(`--template: {{${[name, ...given].join(' ')}}} is none of ${known}`, { exitCode: ExitCode.USAGE });
}
