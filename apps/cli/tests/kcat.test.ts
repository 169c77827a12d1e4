import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bytes, text, useTestCluster } from './harness/test-cluster.ts';

// `ks kcat` beside kcat itself, where that is installed: the same arguments, the same bytes.

const cluster = useTestCluster();
const run = promisify(execFile);
const hasKcat = await run('kcat', ['-V']).then(
  () => true,
  () => false,
);
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-kcat-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Said {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly succeeded: boolean;
}

async function kcat(args: readonly string[], input: string): Promise<Said> {
  const child = spawn('kcat', ['-b', cluster.bootstrap, ...args], { env: { ...process.env, HOME: directory } });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { stdout: Buffer.concat(stdout), stderr, succeeded: code === 0 };
}

async function shim(args: readonly string[], input: string): Promise<Said> {
  const ran = await cluster.ks(['kcat', '-b', cluster.bootstrap, ...args], { input, env: { HOME: directory } });
  return { stdout: ran.bytes, stderr: ran.stderr, succeeded: ran.code === 0 };
}

/** The same within this process. */
async function quickShim(args: readonly string[]): Promise<Said> {
  const ran = await cluster.call(['kcat', '-b', cluster.bootstrap, ...args]);
  return { stdout: ran.bytes, stderr: ran.stderr, succeeded: ran.code === 0 };
}

describe('reading, as kcat does', () => {
  beforeEach(({ skip }) => {
    if (!hasKcat) skip('kcat is not installed');
  });
  beforeAll(async () => {
    await cluster.client.admin.createTopics([
      { topic: 'shown', partitions: 2 },
      { topic: 'bare', partitions: 1 },
    ]);
    await cluster.write('shown', [
      {
        partition: 0,
        timestamp: 1_700_000_000_000,
        key: bytes('k'),
        value: bytes('v1'),
        headers: [
          { key: 'a', value: bytes('1') },
          { key: 'a', value: null },
          { key: 'b', value: bytes('x,y') },
        ],
      },
      { partition: 0, timestamp: 1_700_000_000_001, value: null },
      { partition: 0, timestamp: 1_700_000_000_002, key: bytes(''), value: bytes('') },
      { partition: 0, timestamp: 1_700_000_000_003, key: bytes('k2'), value: Uint8Array.of(10, 0, 0x61) },
      { partition: 0, timestamp: 1_700_000_000_004, value: bytes('höhe "q" </x>') },
    ]);
  });

  test.concurrent.each([
    ['-C -t shown -p 0 -e'],
    ['-C -t shown -p 0 -e -J'],
    ['-Ceq -tshown -p0 -J -D |'],
    ['-C -t shown -p 0 -e -q -f %t|%p|%o|%k|%K|%s|%S|%T|%h|\\n'],
    ['-C -t shown -p 0 -e -q -f %R%s'],
    ['-C -t shown -p 0 -e -q -K : -Z'],
    ['-C -t shown -p 0 -e -q -K: -O'],
    ['-C -t shown -p 0 -e -q -D \\x01'],
    ['-C -t shown -p 0 -q -c 2 -f %o,'],
    ['-C -t shown -p 0 -e -q -o -2 -f %o,'],
    ['-C -t shown -p 0 -e -q -o 3 -f %o,'],
    ['-C -t shown -p 0 -e -q -o beginning -f %o,'],
    ['-C -t shown -p 0 -e -q -o end -f %o,'],
    ['-C -t shown -p 0 -q -e -o s@1700000000002 -f %o,'],
    ['-C -t bare -e'],
    ['-L -t shown'],
    ['-L -t shown -J'],
    ['-Q -t shown:0:1700000000001 -t shown:1:1700000000001 -t bare:0:-1'],
    ['-Q -t shown:0:-2'],
  ])('%s', async (line) => {
    const args = line.split(' ');
    const [theirs, ours] = await Promise.all([kcat(args, ''), quickShim(args)]);
    // Which connection answered is chance.
    const shown = ({ stdout }: Said): string =>
      stdout.toString('latin1').replace(/broker -?\d+: [^)]*\)|"id":-?\d+,"name":"[^"]*\/\w+"/, '');
    expect([ours.succeeded, shown(ours)]).toEqual([theirs.succeeded, shown(theirs)]);
    // Its talk of the ends of partitions too.
    const ends = (said: Said): string[] => said.stderr.split('\n').filter((one) => one.includes('Reached end'));
    expect(ends(ours)).toEqual(ends(theirs));
  });

  test.concurrent.each([
    ['-C -t shown -p 7 -e'],
    ['-C'],
    ['-C -t shown -f %q'],
    ['-Q -t shown'],
    ['-P -t shown -z rar'],
    ['-P -t shown missing'],
  ])('both refuse %s', async (line) => {
    const args = line.split(' ');
    const [theirs, ours] = await Promise.all([kcat(args, 'x'), shim(args, 'x')]);
    expect([theirs.succeeded, ours.succeeded]).toEqual([false, false]);
    expect(ours.stdout).toEqual(Buffer.alloc(0));
    expect(ours.stderr).toMatch(/error: /);
  });
});

describe('writing, as kcat does', () => {
  beforeAll(async () => {
    await writeFile(join(directory, 'lines'), 'l1\nl2\n');
    await writeFile(join(directory, 'whole'), 'all\nof it\n');
  });
  beforeEach(({ skip }) => {
    if (!hasKcat) skip('kcat is not installed');
  });

  test.concurrent.each([
    ['-P', 'one\ntwo\n\nfour'],
    ['-P -K :', 'a:1\nb:\n:c\nplain\n:\n'],
    ['-P -K : -Z', 'a:1\nb:\n:c\nplain\n'],
    ['-P -K : -k fixed', 'a:1\nplain\n'],
    ['-P -D ; -k fix -H x=1 -H x=2=3', 'a;b;;c'],
    ['-P -c 2', 'one\ntwo\nthree\n'],
    ['-P -T -z zstd', 'one\ntwo\n'],
    ['-P -l LINES', ''],
    ['-P WHOLE LINES', ''],
    ['-P -X acks=1 -X compression.codec=lz4 -X topic.request.timeout.ms=5000', 'x\n'],
  ])('%s of %j', async (line, input) => {
    const files = { LINES: join(directory, 'lines'), WHOLE: join(directory, 'whole') };
    const args = line.split(' ').map((word) => (word === 'LINES' || word === 'WHOLE' ? files[word] : word));
    const [theirs, ours] = [await cluster.topic(), await cluster.topic()];
    const [byKcat, byShim] = await Promise.all([
      kcat([...args.slice(0, 1), '-t', theirs, ...args.slice(1)], input),
      shim([...args.slice(0, 1), '-t', ours, ...args.slice(1)], input),
    ]);
    expect([byShim.succeeded, byShim.stdout]).toEqual([byKcat.succeeded, byKcat.stdout]);
    const plain = async (topic: string) =>
      (await cluster.read(topic)).map(({ key, value, headers }) => [
        text(key),
        text(value),
        headers.map((header) => [header.key, text(header.value)]),
      ]);
    const written = await plain(ours);
    expect(written.length).toBeGreaterThan(0);
    expect(written).toEqual(await plain(theirs));
  });
});

describe('what the shim has of its own', () => {
  test('without a mode: produce from a pipe, and says so', async () => {
    const topic = await cluster.topic();
    const { stderr, succeeded } = await shim(['-t', topic], 'x\n');
    expect([succeeded, stderr]).toEqual([true, expect.stringContaining('% Auto-selecting Producer mode')]);
    expect((await cluster.read(topic)).length).toBe(1);
  });

  test('what would change who may read is refused, what has no effect is named', async () => {
    const topic = await cluster.topic();
    const refused = await shim(['-P', '-t', topic, '-X', 'security.protocol=ssl'], 'x\n');
    expect([refused.succeeded, refused.stderr]).toEqual([false, expect.stringContaining('security.protocol')]);
    const named = await shim(['-P', '-t', topic, '-X', 'socket.keepalive.enable=true'], 'x\n');
    expect([named.succeeded, named.stderr]).toEqual([true, '% socket.keepalive.enable has no effect in ks\n']);
  });

  test('its help, and properties from a file', async () => {
    const help = await shim(['-h'], '');
    expect(help.stdout.toString()).toContain('kcat -C|-P|-L|-Q');
    const config = join(directory, 'properties');
    await writeFile(config, `# a comment\nbootstrap.servers=${cluster.bootstrap}\n`);
    const listed = await cluster.ks(['kcat', '-L', '-F', config], {
      env: { KS_BROKERS: 'nowhere:1', HOME: directory },
    });
    expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining('Metadata for all topics')]);
  });
});
