import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { usage } from '../errors/usage.ts';
import type { HeaderView } from '../records/record-view.ts';

/** What a filter looks at. */
export interface Filterable {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly HeaderView[];
}

/** Whether a record is wanted. */
export type RecordFilter = (record: Filterable) => boolean;

const utf8 = new TextDecoder();
const textOf = (bytes: Uint8Array | null): string => (bytes === null ? '' : utf8.decode(bytes));

/**
 * Parses `-G`, as kcl has it: `k:RE` key, `v:RE` value, `h:NAME=RE` a header of that name, `t:RE` topic; `!` before it negates. Null
 * matches as empty text does. Throws a usage error.
 */
export function parseQuickFilter(text: string): RecordFilter {
  const match = /^(!?)([kvht]):([\s\S]*)$/.exec(text);
  if (match === null) {
    throw new CliError(`-G ${JSON.stringify(text)} is no filter`, {
      exitCode: ExitCode.USAGE,
      hint: '-G k:RE, v:RE, t:RE or h:NAME=RE; ! before it negates',
    });
  }
  const [, negation, kind = '', rest = ''] = match;
  const found = kind === 'h' ? headerFilter(rest) : fieldFilter(kind, rest);
  return negation === '!' ? (record) => !found(record) : found;
}

function fieldFilter(kind: string, expression: string): RecordFilter {
  const pattern = usage(() => new RegExp(expression, 'u'));
  if (kind === 't') return ({ topic }) => pattern.test(topic);
  return kind === 'k' ? ({ key }) => pattern.test(textOf(key)) : ({ value }) => pattern.test(textOf(value));
}

function headerFilter(text: string): RecordFilter {
  const at = text.indexOf('=');
  if (at <= 0) {
    throw new CliError(`-G h:${text} names no header`, { exitCode: ExitCode.USAGE, hint: '-G h:NAME=RE' });
  }
  const name = text.slice(0, at);
  const pattern = usage(() => new RegExp(text.slice(at + 1), 'u'));
  return ({ headers }) => headers.some((header) => header.key === name && pattern.test(textOf(header.value)));
}

/** Parses `--filter-key`: text in which `*` stands for any characters and `?` for one, as kafkactl has it. */
export function parseKeyGlob(glob: string): RecordFilter {
  const source = glob
    .replaceAll(/[\\^$.|+()[\]{}/]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  const pattern = new RegExp(`^${source}$`, 'u');
  return ({ key }) => pattern.test(textOf(key));
}
