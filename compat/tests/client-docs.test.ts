import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { startBroker } from '@ks/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../src/processes/run-command.ts';
import { type Snippet, snippetsOf } from '../src/snippets/page.ts';

// Every example of docs/client.md and docs/client/: type-checked, and run at a broker of its own; it prints what the page says.

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Within the workspace, so that examples find its packages; one folder for each run of the tests. */
const folder = join(root, 'compat', '.tsbuild', `snippets-${process.pid}`);
const pages = [
  'docs/client.md',
  ...(await readdir(join(root, 'docs', 'client'))).sort().map((name) => `docs/client/${name}`),
].filter((page) => page.endsWith('.md'));
const snippets = new Map(pages.map((page) => [page, snippetsOf(join(root, page))]));

const fileOf = (page: string, index: number): string => join(folder, `${basename(page, '.md')}-${index + 1}.ts`);

async function write(bootstrap: string, file: string, { program }: Snippet): Promise<void> {
  await writeFile(file, program.replaceAll('localhost:9092', bootstrap));
}

beforeAll(() => mkdir(folder, { recursive: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

test('examples have the right types', async () => {
  for (const [page, examples] of snippets) {
    for (const [index, example] of examples.entries()) await write('localhost:9092', fileOf(page, index), example);
  }
  const compilerOptions = {
    noEmit: true,
    composite: false,
    incremental: false,
    rewriteRelativeImportExtensions: false,
  };
  const include = ['*.ts', join(root, 'packages', '*', 'src', '**', '*.d.ts')];
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await runCommand('tsc', ['-p', folder]);
});

for (const [page, examples] of snippets) {
  const runnable = examples.map((example, index) => ({ ...example, index })).filter((one) => !one.isOnlyChecked);
  if (runnable.length === 0) continue;
  describe(page, () => {
    test.each(runnable)('$name', async ({ index, ...example }) => {
      await using broker = await startBroker();
      const file = fileOf(page, index);
      await write(broker.bootstrap, file, example);
      let printed = '';
      vi.spyOn(console, 'log').mockImplementation((...given: readonly unknown[]) => {
        printed += `${format(...given)}\n`;
      });
      await import(pathToFileURL(file).href);
      if (example.output !== undefined) expect(printed).toBe(example.output);
    });
  });
}

test('every call that the table of kafkajs names is there', async () => {
  await using broker = await startBroker();
  const ks = await broker.connect();
  const things: Readonly<Record<string, readonly object[]>> = {
    admin: [ks.admin],
    producer: [ks.producer(), ks.producer({ transactionalId: 'x' })],
    consumer: [ks.consumer(), ks.consumer({ group: 'x' })],
  };
  const page = await readFile(join(root, 'docs', 'client', 'from-kafkajs.md'), 'utf8');
  const rows = [...page.matchAll(/^\| .* \| (.*) \|$/gm)].map((match) => match[1] ?? '');
  const calls = rows.flatMap((row) => [...row.matchAll(/`(admin|producer|consumer)\.(\w+)/g)]);
  expect(calls.length).toBeGreaterThan(20);
  const missing = calls.filter(([, thing = '', call = '']) => !things[thing]?.some((one) => call in one));
  expect(missing.map(([text]) => text)).toEqual([]);
});
