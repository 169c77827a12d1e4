import { describe, expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { suggestion } from '../errors/suggestion.ts';
import { type OutputOptions, render } from './render.ts';
import type { Column } from './table.ts';

const rows = [
  { name: 'orders', partitions: 12, id: 'x' },
  { name: 'b\u001b[31m', partitions: 3, id: 'y' },
];
const columns: readonly Column<(typeof rows)[number]>[] = [
  { name: 'NAME', get: (row) => row.name },
  { name: 'PARTITIONS', get: (row) => row.partitions, align: 'right' },
  { name: 'ID', get: (row) => row.id, wide: true },
];
const options: OutputOptions = { format: 'table', columns: undefined, headers: true };

describe('output', () => {
  test('a table lines up, hides wide columns and shows control characters instead of sending them', () => {
    expect(render(rows, columns, options)).toBe(
      'NAME       PARTITIONS\norders             12\nb\\x1b[31m           3\n',
    );
  });
  test('wide, chosen columns, no headers', () => {
    expect(render(rows.slice(0, 1), columns, { ...options, format: 'wide' })).toContain('ID');
    expect(render(rows.slice(0, 1), columns, { ...options, columns: ['id', 'name'], headers: false })).toBe(
      'x  orders\n',
    );
    expect(() => render(rows, columns, { ...options, columns: ['nope'] })).toThrow(CliError);
  });
  test('json, yaml and name', () => {
    expect(JSON.parse(render(rows, columns, { ...options, format: 'json' }))).toEqual(rows);
    expect(render(rows.slice(0, 1), columns, { ...options, format: 'yaml' })).toBe(
      '- name: orders\n  partitions: 12\n  id: x\n',
    );
    expect(render(rows.slice(0, 1), columns, { ...options, format: 'name' })).toBe('orders\n');
  });
  test('a near name is suggested, a far one is not', () => {
    expect(suggestion('ordres', ['orders', 'payments'])).toBe('orders');
    expect(suggestion('prdo', ['prod', 'local'])).toBe('prod');
    expect(suggestion('zzz', ['orders'])).toBeUndefined();
    expect(suggestion('ab', ['ba', 'abc'])).toBe('ba');
  });
});
