import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ApiVersions, ErrorCode, Produce } from '@ks/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { batchOf, createTopic, produceRequest, readAll } from './bystander.ts';
import { smallDisk } from './full-disk.ts';
import { requestBytes, TestClient } from './test-client.ts';

// What the machine does to a broker: each costs one clear line, and no record that was acknowledged.

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-around-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Writes until the broker refuses; gives what was acknowledged and the error. */
async function fill(
  broker: BrokerProcess,
  topic: string,
  count: number,
): Promise<readonly [readonly string[], number]> {
  const client = await TestClient.connect(broker.port);
  const acknowledged: string[] = [];
  for (let index = 0; index < count; index++) {
    const text = `${index} ${'x'.repeat(50_000)}`;
    client.send(produceRequest(topic, batchOf(text)));
    const { body } = await client.response(Produce, 9);
    const code = body.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
    if (code !== 0) {
      client.destroy();
      return [acknowledged, code];
    }
    acknowledged.push(text);
  }
  client.destroy();
  return [acknowledged, 0];
}

test('a data directory that another process holds: one line, and the other goes on', async () => {
  await using first = await startBrokerProcess(directory);
  await createTopic(first.port, 't');
  const second = await startBrokerProcess(directory);
  expect(await second.ended).toBe(1);
  expect(second.complaints()).toMatch(/^ks-broker: log\.dirs: .* is in use by another broker\n$/);
  expect((await fill(first, 't', 3))[1]).toBe(ErrorCode.NONE);
});

test('a port in use: one line, and nothing stays locked', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const refused = await startBrokerProcess(directory, { port });
  expect(await refused.ended).toBe(1);
  expect(refused.complaints()).toMatch(
    /^ks-broker: listeners: cannot listen on .*: the port is in use by another process\n$/,
  );
  await new Promise((resolve) => holder.close(resolve));
  await using broker = await startBrokerProcess(directory, { port });
  expect(broker.port).toBe(port);
});

test('a data directory that cannot be one: one line', async () => {
  await writeFile(join(directory, 'file'), 'x');
  const refused = await startBrokerProcess(join(directory, 'file', 'data'));
  expect(await refused.ended).toBe(1);
  expect(refused.complaints()).toMatch(/^ks-broker: log\.dirs: [^\n]*\n$/);
});

test.runIf(process.platform === 'linux')('data directories where none can be made: one line, at once', async () => {
  const refused = await startBrokerProcess('/proc/ks-none/a,/proc/ks-none/b');
  expect(await refused.ended).toBe(1);
  expect(refused.complaints()).toMatch(/^ks-broker: log\.dirs: \/proc\/ks-none[^\n]*\n$/);
});

test('one of two data directories is broken at the start: its partitions alone are out, until it is whole again', async () => {
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  const dirs = `${first},${second}`;
  const config = { 'ks.http.listener': '127.0.0.1:0' };
  // Two topics lie in two directories.
  {
    await using broker = await startBrokerProcess(dirs, { config });
    for (const topic of ['a', 'b']) {
      await createTopic(broker.port, topic);
      expect((await fill(broker, topic, 3))[1]).toBe(ErrorCode.NONE);
    }
  }
  const [lost] = (await readdir(second)).filter((name) => /^[ab]-0$/.test(name)).map((name) => name.slice(0, 1));
  const kept = lost === 'a' ? 'b' : 'a';
  expect(lost).toMatch(/^[ab]$/);
  await rename(second, `${second}-away`);
  await writeFile(second, 'no directory');
  {
    await using broker = await startBrokerProcess(dirs, { config });
    const told = broker.log.filter(({ level }) => level === 'error');
    expect(told.map(({ msg, directory: which }) => [msg, which])).toEqual([['a log directory goes offline', second]]);
    expect((await fill(broker, kept, 1))[1]).toBe(ErrorCode.NONE);
    expect((await fill(broker, lost ?? '', 1))[1]).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    // What is new finds its place on the disk that works.
    await createTopic(broker.port, 'c');
    expect((await fill(broker, 'c', 1))[1]).toBe(ErrorCode.NONE);
    const http = Number(broker.log.find(({ msg }) => msg.startsWith('Metrics at'))?.['port']);
    const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
    expect(metrics).toContain(`ks_log_directory_online{directory="${first}"} 1`);
    expect(metrics).toContain(`ks_log_directory_online{directory="${second}"} 0`);
    expect(await (await fetch(`http://127.0.0.1:${http}/ready`)).json()).toMatchObject({ offlineLogDirs: [second] });
  }
  // The cluster is told of what serves, by its id.
  expect(registeredDirectories(first)).toEqual([await directoryId(first)]);
  await rm(second);
  await rename(`${second}-away`, second);
  await using broker = await startBrokerProcess(dirs, { config });
  expect(broker.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect((await readAll(broker.port, kept)).length).toBe(4);
  expect((await readAll(broker.port, lost ?? '')).length).toBe(3);
  await broker.end();
  expect(registeredDirectories(first)).toEqual([await directoryId(first), await directoryId(second)]);
});

async function directoryId(path: string): Promise<string> {
  const text = await readFile(join(path, 'meta.properties'), 'utf8');
  return /^directory\.id=(.+)$/m.exec(text)?.[1] ?? '';
}

/** The ids of log directories with which the only broker registered last; it has ended. */
function registeredDirectories(path: string): unknown {
  using database = new DatabaseSync(join(path, 'metadata.sqlite'));
  const [row] = database.prepare("SELECT value FROM entries WHERE key LIKE 'registrations/%'").all();
  const record: { readonly logDirIds?: unknown } = JSON.parse(String(row?.['value']));
  return record.logDirIds;
}

test.each(['an index of noise', 'an index that lies', 'no index'])(
  '%s: found out at the start, every record is read',
  async (damage) => {
    let acknowledged: readonly string[];
    {
      await using broker = await startBrokerProcess(directory);
      await createTopic(broker.port, 't');
      [acknowledged] = await fill(broker, 't', 60);
      expect(await broker.end()).toBe(0);
    }
    const partition = join(directory, 't-0');
    for (const name of (await readdir(partition)).filter((file) => /index$/.test(file))) {
      const bytes = await readFile(join(partition, name));
      expect(bytes.length).toBeGreaterThan(0);
      if (damage === 'no index') await rm(join(partition, name));
      else {
        if (damage === 'an index of noise') for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 89 + 7) % 256;
        else bytes.writeInt32BE(bytes.readInt32BE(bytes.length - 4) - 7, bytes.length - 4);
        await writeFile(join(partition, name), bytes);
      }
    }
    await using broker = await startBrokerProcess(directory);
    expect(await readAll(broker.port, 't')).toEqual(acknowledged);
    expect(broker.complaints()).toBe('');
    expect(broker.log.filter(({ level }) => level === 'error')).toEqual([]);
  },
);

test('a full disk: Kafka’s storage error, its cause in the log, other requests are served, and a start with room has every record', async () => {
  await using disk = await smallDisk(join(directory, 'small'), 6_000_000);
  const limits = disk.fileBytesMax === undefined ? {} : { fileBytesMax: disk.fileBytesMax };
  const data = join(disk.path, 'data');
  let acknowledged: readonly string[];
  {
    await using broker = await startBrokerProcess(data, limits);
    await createTopic(broker.port, 't');
    let code: number;
    [acknowledged, code] = await fill(broker, 't', 1000);
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(code).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const client = await TestClient.connect(broker.port);
    client.send(requestBytes(ApiVersions, 3, 1, { clientSoftwareName: 'a', clientSoftwareVersion: '1' }));
    expect((await client.response(ApiVersions, 3)).body.errorCode).toBe(ErrorCode.NONE);
    client.destroy();
    const told = broker.log.filter(({ level }) => level === 'error');
    // The log that failed, and the directory that goes with it.
    expect(told.map(({ msg }) => msg)).toEqual(['a log has failed', 'a log directory goes offline']);
    expect(JSON.stringify(told)).toMatch(/space|too large|EFBIG|ENOSPC/i);
    expect(broker.isRunning).toBe(true);
    // As in Kafka the whole directory is given up: nobody is told less than everything was.
    expect((await fill(broker, 't', 1))[1]).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await broker.end();
  }
  disk.grow();
  await using broker = await startBrokerProcess(data);
  expect(await readAll(broker.port, 't')).toEqual(acknowledged);
  expect((await fill(broker, 't', 3))[1]).toBe(ErrorCode.NONE);
});
