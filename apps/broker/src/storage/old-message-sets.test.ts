import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { batchOf, DIRECTORY, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';

/** One message of magic 0 or 1 as an old Kafka wrote it. */
function oldMessage(magic: number, value: string): Buffer {
  const body = Buffer.concat([
    Buffer.from([magic, 0]),
    magic === 1 ? Buffer.alloc(8) : Buffer.alloc(0),
    Buffer.from([255, 255, 255, 255, 0, 0, 0, value.length]),
    Buffer.from(value),
  ]);
  const head = Buffer.alloc(16);
  head.writeInt32BE(body.length + 4, 8);
  head.writeUInt32BE(crc32(body), 12);
  return Buffer.concat([head, body]);
}

const path = `${DIRECTORY}/00000000000000000000.log`;

test.each([
  [0, true],
  [0, false],
  [1, true],
  [1, false],
])('messages of magic %i (clean stop: %s) are refused and left as they are', async (magic, cleanShutdown) => {
  const environment = testEnvironment();
  await environment.files.makeDirectory(DIRECTORY);
  const bytes = Buffer.concat([oldMessage(magic, 'old'), oldMessage(magic, 'older')]);
  await environment.files.writeFileAtomically(path, bytes);
  await expect(openLog(environment, { cleanShutdown, recoveryPoint: 0 })).rejects.toThrow(
    `it begins with messages of magic ${magic}, which Kafka wrote before 0.11`,
  );
  expect(Buffer.from(await environment.files.readFile(path)).equals(bytes)).toBe(true);
});

test('a batch whose magic was damaged is damage, and recovered from', async () => {
  const environment = testEnvironment();
  await environment.files.makeDirectory(DIRECTORY);
  const bytes = batchOf(1).slice();
  bytes[16] = 0;
  await environment.files.writeFileAtomically(path, bytes);
  const { log } = await openLog(environment, { cleanShutdown: false, recoveryPoint: 0 });
  expect(log.logEndOffset).toBe(0);
});
