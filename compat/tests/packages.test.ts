import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { connect } from '@ks/client';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { kafkaTool } from '../src/kafka/kafka-tool.ts';
import { kcat } from '../src/kcat.ts';
import { findOlderNode, type NodeProgram, thisNode } from '../src/packages/other-node.ts';
import {
  folderOf,
  installInEmptyProject,
  lendInstalled,
  type PackedPackages,
  packPackages,
  publishedFolders,
} from '../src/packages/packed-packages.ts';
import { missing, testWith } from '../src/peers.ts';
import { runCommand } from '../src/processes/run-command.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// The packages as others get them: packed, installed in an empty project, run as built JavaScript, also by the machine's own older Node.

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const undo = new AsyncDisposableStack();
const olderNode = findOlderNode();
let packed: PackedPackages;
let project: string;
let broker: EmbeddedBroker;
let doors: readonly string[];
let topicsOfOthers: Promise<readonly string[]> = Promise.resolve([]);

beforeAll(async () => {
  const directory = undo.use(await temporaryDirectory());
  project = join(directory.path, 'project');
  packed = await packPackages(directory.path);
  await installInEmptyProject(packed, project);
  await lendInstalled(project, ['zod', '@types/node']);
  doors = await doorsOf(project);
  broker = undo.use(await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } }));
  // Where they are missing, the tests that need them say so.
  if (missing('kcat', 'Kafka').length === 0) topicsOfOthers = writeByOthers();
  await topicsOfOthers;
}, 120_000);
afterAll(() => undo.disposeAsync());

/** All that can be imported of the packages; what their optional peers are is lent. */
async function doorsOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of publishedFolders) {
    const text = await readFile(join(folder, 'node_modules', '@ks', name, 'package.json'), 'utf8');
    const { exports, peerDependencies = {} } = JSON.parse(text) as {
      readonly exports: Readonly<Record<string, unknown>>;
      readonly peerDependencies?: Readonly<Record<string, string>>;
    };
    await lendInstalled(folder, Object.keys(peerDependencies));
    found.push(...Object.keys(exports).map((door) => `@ks/${name}${door.slice(1)}`));
  }
  return found;
}

/** The TypeScript of a package's README, at this broker. */
async function readmeOf(folder: string): Promise<string> {
  const text = await readFile(join(project, 'node_modules', '@ks', folder, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? '');
  expect(blocks.length).toBe(1);
  return blocks.join('\n').replaceAll('localhost:9092', broker.bootstrap);
}

describe.each(publishedFolders)('the tarball of %s', (folder) => {
  const tarball = (): string => packed.tarballs[publishedFolders.indexOf(folder)] ?? '';

  test('has what is needed, no tests, and nothing of this machine', async () => {
    const { stdout: listing } = await run('tar', ['tzf', tarball()], { encoding: 'utf8' });
    const files = listing.trim().split('\n');
    const needed = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'];
    expect(files).toEqual(expect.arrayContaining(needed.map((file) => `package/${file}`)));
    expect(files.filter((file) => /test|fixture|tsbuild|node_modules/i.test(file))).toEqual([]);
    const sources = new Set(files.filter((file) => file.startsWith('package/src/')).map((file) => basename(file)));
    const built = files.filter((file) => /^package\/dist\/.*\.js$/.test(file));
    expect(built.filter((file) => !sources.has(basename(file).replace(/\.js$/, '.ts')))).toEqual([]);
    const { stdout: all } = await run('tar', ['xzOf', tarball()], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    expect([root, homedir(), '/node_modules/'].filter((place) => all.includes(place))).toEqual([]);
    expect(await readFile(join(folderOf(folder), 'LICENSE'), 'utf8')).toBe(
      await readFile(join(root, 'LICENSE'), 'utf8'),
    );
  });

  test('is accepted by publint and by arethetypeswrong', async () => {
    await Promise.all([
      runCommand('publint', ['--strict', tarball()]),
      runCommand('attw', [tarball(), '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']),
    ]);
  });
});

test.each(['nodenext', 'bundler'])('the types hold by themselves, resolved as %s', async (resolution) => {
  const folder = join(project, `types-${resolution}`);
  await mkdir(folder);
  for (const name of publishedFolders) await writeFile(join(folder, `${name}.ts`), await readmeOf(name));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: resolution === 'bundler' ? 'esnext' : resolution,
    moduleResolution: resolution,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await runCommand('tsc', ['-p', folder]);
});

interface SmokeReport {
  readonly version: string;
  readonly codecs: Readonly<Record<string, { count: number; isSame: boolean; stored: readonly string[] }>>;
  readonly member: { count: number; partitions: number };
  readonly foreign: Readonly<Record<string, readonly string[]>>;
  readonly zstdModules: number;
}

/** Each long enough to get smaller by compression: kcat leaves a batch as it is that does not. */
const foreignLines = Array.from({ length: 300 }, (_, index) => `line ${index} ${'abc'.repeat(20 + (index % 50))}`);

/** Topics of zstd batches that others wrote. */
async function writeByOthers(): Promise<readonly string[]> {
  const [byKcat, byJava] = ['zstd-by-kcat', 'zstd-by-java'] as const;
  const input = `${foreignLines.join('\n')}\n`;
  await using ks = await connect({ brokers: broker.bootstrap });
  await ks.admin.createTopics([{ topic: byKcat }, { topic: byJava }]);
  await fetchKafka();
  const producer = ['--bootstrap-server', broker.bootstrap, '--topic', byJava, '--compression-codec', 'zstd'];
  await Promise.all([
    kcat(broker.bootstrap, ['-P', '-t', byKcat, '-z', 'zstd'], input),
    kafkaTool('kafka-console-producer', producer, { input }),
  ]);
  for await (const { batch } of ks.consumer({ from: 'beginning' }).rawBatches({ until: 'end' }, byKcat, byJava)) {
    expect(batch.compression).toBe('zstd');
  }
  return [byKcat, byJava];
}

const nodes: readonly (readonly [string, NodeProgram | undefined])[] = [
  ['this Node', thisNode],
  ['the machine’s older Node', olderNode],
];

for (const [name, node] of nodes) {
  // Under CI an older Node must be there: that the packages run on it is promised.
  describe.skipIf(node === undefined && process.env['CI'] !== 'true')(`on ${name}`, () => {
    const path = (): string => {
      if (node === undefined) throw new Error('no Node from 20 on that is older than this one is in PATH');
      return node.path;
    };

    let report: SmokeReport;
    beforeAll(async () => {
      const program = await readFile(fileURLToPath(new URL('../src/packages/smoke.mjs', import.meta.url)), 'utf8');
      await writeFile(join(project, 'smoke.mjs'), program);
      const args = ['smoke.mjs', broker.bootstrap, ...(await topicsOfOthers)];
      // It ends by itself, or is killed, which fails.
      const { out, complaints } = await runCommand(path(), args, { cwd: project, timeoutMs: 40_000 });
      expect(complaints).toBe('');
      report = JSON.parse(out.toString()) as SmokeReport;
    });

    test('every codec, a group and transactions; the process ends by itself', () => {
      expect(report.version).toBe(node?.version);
      const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
      expect(report.codecs).toEqual(
        Object.fromEntries(codecs.map((codec) => [codec, { count: 50, isSame: true, stored: [codec] }])),
      );
      expect(report.member).toEqual({ count: 4, partitions: 2 });
    });

    test('where zlib has no zstd, the package that does it is set up once', () => {
      expect(report.zstdModules).toBe(node === thisNode ? 0 : 1);
    });

    testWith('kcat', 'Kafka')('zstd by kcat and by Java', () => {
      expect(report.foreign).toEqual({ 'zstd-by-kcat': foreignLines, 'zstd-by-java': foreignLines });
    });

    test('every door opens', async () => {
      const imports = doors.map(
        (door) => `console.log(${JSON.stringify(door)}, Object.keys(await import(${JSON.stringify(door)})).length > 0)`,
      );
      await writeFile(join(project, 'doors.mjs'), imports.join('\n'));
      const { out } = await runCommand(path(), ['doors.mjs'], { cwd: project, timeoutMs: 30_000 });
      expect(out.toString()).toBe(doors.map((door) => `${door} true\n`).join(''));
    });

    test('what the READMEs show', async () => {
      for (const folder of publishedFolders) {
        const { code } = await transform(await readmeOf(folder), { loader: 'ts', format: 'esm', target: 'node20' });
        const topic = `readme-${node?.version}`;
        await writeFile(join(project, 'readme.mjs'), code.replaceAll('"orders"', JSON.stringify(topic)));
        const { out } = await runCommand(path(), ['readme.mjs'], { cwd: project, timeoutMs: 30_000 });
        expect(out.toString()).toBe(
          { 'core-wasm': 'again and again and again and again\n', protocol: '27\n', client: 'u1 5\n' }[folder],
        );
      }
    });
  });
}
