import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedDocs } from './docs/generated-docs.ts';
import { root } from './source-files.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...generatedDocs.map(({ path }) => path),
  'docs/operations.md',
  'docs/status.md',
  'docs/client.md',
  ...readdirSync(join(root, 'docs/client')).map((name) => `docs/client/${name}`),
];

describe('docs', () => {
  test.each(generatedDocs)('$path is what npm run docs writes', ({ path, render }) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(render());
  });

  test.each(pages)('%s links to files that are there', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const broken = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });
});
