import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createNodeFiles } from './node-files.ts';

const directories: string[] = [];
function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ks-files-'));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

describe('writing', () => {
  test('many views, more than the system takes in one call, arrive whole', async () => {
    const path = join(scratch(), 'many');
    const file = await createNodeFiles().open(path, 'create');
    // Linux takes 1024 views in one writev.
    const views = Array.from({ length: 3000 }, (_, index) => new Uint8Array(index % 3).fill(index));
    await file.write(views, 5);
    await file.close();
    expect(readFileSync(path).subarray(5).equals(Buffer.concat(views))).toBe(true);
  });

  test('large views, which go out in several calls cut anywhere, arrive whole', async () => {
    const path = join(scratch(), 'large');
    const file = await createNodeFiles().open(path, 'create');
    const sizes = [1, 524_287, 1, 524_288, 3_000_001, 0, 7];
    const views = sizes.map((size) => randomBytes(size));
    await file.write(views, 4095);
    await file.close();
    expect(readFileSync(path).subarray(4095).equals(Buffer.concat(views))).toBe(true);
  });

  // The file may grow to 64 KB (RLIMIT_FSIZE): the system takes the first part of the write and says why it takes no more.
  test.runIf(process.platform === 'linux')('a disk that takes a part says why it takes no more', () => {
    const path = join(scratch(), 'limited');
    const program = `
      process.on('SIGXFSZ', () => undefined);
      const { createNodeFiles } = await import(${JSON.stringify(fileURLToPath(new URL('./node-files.ts', import.meta.url)))});
      const file = await createNodeFiles().open(${JSON.stringify(path)}, 'create');
      console.log(await file.write([new Uint8Array(40_000), new Uint8Array(40_000)], 0).then(() => 'written', (error) => error.message));
    `;
    const said = execFileSync(
      'bash',
      ['-c', 'ulimit -f 64; exec "$0" --conditions=@ks/source --input-type=module -e "$1"', process.execPath, program],
      { encoding: 'utf8' },
    );
    expect(said).toMatch(/EFBIG/);
    expect(readFileSync(path).length).toBe(65_536);
  });
});

describe('making directories', () => {
  test('with missing parents; one that is there is no error', async () => {
    const path = join(scratch(), 'a', 'b', 'c');
    const files = createNodeFiles();
    await files.makeDirectory(path);
    await files.makeDirectory(path);
    expect(await files.list(path)).toEqual([]);
  });

  test('where a file is in the way: refused', async () => {
    const path = join(scratch(), 'file');
    writeFileSync(path, 'x');
    await expect(createNodeFiles().makeDirectory(path)).rejects.toThrow(/EEXIST/);
    await expect(createNodeFiles().makeDirectory(join(path, 'below'))).rejects.toThrow(/ENOTDIR/);
  });

  // Node's own `recursive` tries for ever there.
  test.runIf(process.platform === 'linux')('where the system makes none, as below /proc: refused at once', async () => {
    for (const path of ['/proc/ks-none', '/proc/ks-none/below']) {
      await expect(createNodeFiles().makeDirectory(path)).rejects.toThrow(/no directory can be made there/);
    }
  });
});
