import { setAttributes, setCrc, setLastOffsetDelta, setMagic, setProducerId, setRecordsCount } from '@ks/protocol';
import { batch, changed } from './batches.ts';
import type { Scenario } from './sender.ts';

const DAY_MS = 86_400_000;

export const structure: Scenario = {
  name: 'batches that are not what they should be',
  async run(sender, tell) {
    await sender.create('v');
    const good = await batch(['one', 'two']);
    // Left out, as ks is stricter or clearer than Kafka: an unknown codec and bytes that are none (UNKNOWN_SERVER_ERROR there), offsets that
    // are not in a row (stored there), no records at all (never answered there).
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['two batches', Uint8Array.from([...good, ...good])],
      ['a wrong checksum', spoilt(good, (bytes) => setCrc(bytes, 0, 1))],
      ['magic 1', spoilt(good, (bytes) => setMagic(bytes, 0, 1))],
      ['magic 3', spoilt(good, (bytes) => setMagic(bytes, 0, 3))],
      ['the control bit', await changed((bytes) => setAttributes(bytes, 0, 0x20))],
      ['control and transactional', await changed((bytes) => setAttributes(bytes, 0, 0x30))],
      ['append time', await changed((bytes) => setAttributes(bytes, 0, 0x08))],
      ['fewer records than it has', await changed((bytes) => setRecordsCount(bytes, 0, 1))],
      ['more records than it has', await changed((bytes) => setRecordsCount(bytes, 0, 3))],
      ['no records by its count', await changed((bytes) => setRecordsCount(bytes, 0, 0))],
      ['a last offset too high', await changed((bytes) => setLastOffsetDelta(bytes, 0, 5))],
      ['a producer without a sequence', await changed((bytes) => setProducerId(bytes, 0, 7))],
      ['bits that mean nothing', await changed((bytes) => setAttributes(bytes, 0, 0x4000))],
    ];
    for (const [name, bytes] of cases) tell(name, await sender.send('v', bytes));
    tell('what is left', await sender.stored('v'));
  },
};

export const limits: Scenario = {
  name: 'limits of a topic',
  async run(sender, tell) {
    await sender.create('small', { 'max.message.bytes': '500' });
    tell('as large as may be', await sender.send('small', await batch(['x'.repeat(400)])));
    tell('too large', await sender.send('small', await batch(['x'.repeat(500)])));
    tell('too large before v8', await sender.send('small', await batch(['x'.repeat(500)]), { version: 7 }));
    tell('small once compressed', await sender.send('small', await batch(['x'.repeat(5000)], { compression: 'gzip' })));
    await sender.create('times', { 'message.timestamp.before.max.ms': `${DAY_MS}` });
    const now = Date.now();
    for (const [name, timestampMs] of [
      ['an hour ago', now - 3_600_000],
      ['two days ago', now - 2 * DAY_MS],
      ['half an hour ahead', now + 1_800_000],
      ['two hours ahead', now + 7_200_000],
      ['without a time', -1],
    ] as const) {
      tell(name, await sender.send('times', await batch(['a', 'b'], { timestampMs })));
    }
    await sender.create('append', {
      'message.timestamp.type': 'LogAppendTime',
      'message.timestamp.before.max.ms': '1',
    });
    tell('any time where the broker sets it', await sender.send('append', await batch(['a'], { timestampMs: 1 })));
    tell('as stored', await sender.stored('append'));
  },
};

export const keys: Scenario = {
  name: 'records without a key in a compacted topic',
  async run(sender, tell) {
    await sender.create('compacted', { 'cleanup.policy': 'compact' });
    tell('with keys', await sender.send('compacted', await batch(['a', 'b'])));
    tell('one without', await sender.send('compacted', await batch(['a', 'b', 'c'], { keys: ['k', null, 'l'] })));
    tell('before v8', await sender.send('compacted', await batch(['a'], { keys: [null] }), { version: 7 }));
    const many = Array.from({ length: 15 }, (_, index) => `${index}`);
    tell('fifteen without', await sender.send('compacted', await batch(many, { keys: many.map(() => null) })));
    const packed = await batch(['a', 'b'], { keys: [null, 'k'], compression: 'lz4' });
    tell('compressed', await sender.send('compacted', packed));
    await sender.create('both', { 'cleanup.policy': 'compact,delete' });
    tell('compact and delete', await sender.send('both', await batch(['a'], { keys: [null] })));
  },
};

export const addresses: Scenario = {
  name: 'where a batch goes',
  async run(sender, tell) {
    await sender.create('there', {}, 2);
    const good = await batch(['a']);
    tell('partition 1', await sender.send('there', good, { partition: 1 }));
    tell('no such partition', await sender.send('there', good, { partition: 2 }));
    tell('no such topic', await sender.send('absent', good));
    for (const acks of [0x7f, 2, -2]) tell(`acks ${acks}`, await sender.send('there', good, { acks }));
    tell('acks 1', await sender.send('there', good, { acks: 1 }));
    tell('by id', await sender.send('there', good, { version: 13 }));
    tell('by another id', await sender.send('there', good, { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }));
    tell('by no id', await sender.send('there', good, { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    tell('zstd in v7', await sender.send('there', await batch(['a'], { compression: 'zstd' }), { version: 7 }));
    tell('zstd in v6', await sender.send('there', await batch(['a'], { compression: 'zstd' }), { version: 6 }));
    tell('transactional, of nobody', await sender.send('there', await changed((b) => setAttributes(b, 0, 0x10))));
    tell('as stored', await sender.stored('there'));
  },
};

function spoilt(good: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = good.slice();
  change(bytes);
  return bytes;
}
