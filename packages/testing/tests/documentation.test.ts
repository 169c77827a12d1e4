import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('what docs/testing.md shows runs as it stands there', async () => {
  const text = await readFile(new URL('../../../docs/testing.md', import.meta.url), 'utf8');
  const snippets = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  expect(snippets.length).toBeGreaterThan(0);
  for (const snippet of snippets) {
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; output: string }>();
    const arguments_ = ['--conditions=@ks/source', '--input-type=module-typescript', '--test-reporter=spec', '-'];
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const child = execFile(process.execPath, arguments_, { cwd, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
    child.stdin?.end(snippet);
    const { code, output } = await promise;
    expect(output).toContain('pass 1');
    expect(code).toBe(0);
  }
});
