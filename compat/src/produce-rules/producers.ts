import { DeleteRecords, ErrorCode, errorByCode, InitProducerId } from '@ks/protocol';
import { batch } from './batches.ts';
import type { Scenario, Sender } from './sender.ts';

const MAX = 0x7fffffff;

export const sequences: Scenario = {
  name: 'sequences of an idempotent producer',
  async run(sender, tell) {
    await sender.create('idem', {}, 2);
    const producerId = await sender.producerId();
    const made = (baseSequence: number, count: number, producerEpoch: number): Promise<Uint8Array> => {
      const values = Array.from({ length: count }, (_, index) => `${baseSequence + index}`);
      return batch(values, { producerId, producerEpoch, baseSequence });
    };
    const send = async (baseSequence: number, count = 1, producerEpoch = 0): Promise<string> =>
      sender.send('idem', await made(baseSequence, count, producerEpoch));
    const again = async (baseSequence: number, count = 1): Promise<string> =>
      sender.sendAgain('idem', await made(baseSequence, count, 0));
    tell('the first', await send(0, 2));
    tell('the next', await send(2, 3));
    tell('again', await again(2, 3));
    tell('the one before, again', await again(0, 2));
    tell('a part of one', await send(2, 2));
    tell('more than one', await send(0, 5));
    tell('one too far', await send(6));
    for (let sequence = 5; sequence < 10; sequence++) await send(sequence);
    tell('six back', await send(2, 3));
    tell('five back', await again(5));
    tell('a new epoch at 3', await send(3, 1, 1));
    tell('a new epoch at 0', await send(0, 1, 1));
    tell('the old epoch', await send(10));
    tell('the old epoch, again', await send(9));
    tell('an epoch further', await send(0, 1, 7));
    tell('its next', await send(1, 1, 7));
    tell('as stored', (await sender.stored('idem')).length);
  },
};

export const unknown: Scenario = {
  name: 'producers that nothing is known of',
  async run(sender, tell) {
    await sender.create('new');
    const producerId = await sender.producerId();
    tell(
      'a late start',
      await sender.send('new', await batch(['a'], { producerId, producerEpoch: 0, baseSequence: 57 })),
    );
    tell('its next', await sender.send('new', await batch(['b'], { producerId, producerEpoch: 0, baseSequence: 58 })));
    const other = { producerId: await sender.producerId(), producerEpoch: 3 };
    tell('near the end', await sender.send('new', await batch(['a', 'b'], { ...other, baseSequence: MAX - 1 })));
    tell('around the end', await sender.send('new', await batch(['c'], { ...other, baseSequence: 0 })));
    const around = { producerId: await sender.producerId(), producerEpoch: 0, baseSequence: MAX };
    tell('across the end', await sender.send('new', await batch(['d', 'e', 'f'], around)));
    tell('across the end, again', await sender.sendAgain('new', await batch(['d', 'e', 'f'], around)));
    tell('its next', await sender.send('new', await batch(['g'], { ...around, baseSequence: 2 })));
    tell(
      'never given out',
      await sender.send('new', await batch(['a'], { ...other, producerId: 999_999_999, baseSequence: 0 })),
    );
    tell(
      'a negative epoch',
      await sender.send('new', await batch(['a'], { ...around, producerEpoch: -1, baseSequence: 3 })),
    );
    tell('as stored', await sender.stored('new'));
  },
};

export const appendTimes: Scenario = {
  name: 'repetitions where the broker sets the time',
  async run(sender, tell) {
    await sender.create('stamped', { 'message.timestamp.type': 'LogAppendTime' });
    const producer = { producerId: await sender.producerId(), producerEpoch: 0, baseSequence: 0 };
    tell('the first', await sender.send('stamped', await batch(['a'], producer)));
    tell('again', await sender.send('stamped', await batch(['a'], producer)));
    await sender.create('unstamped');
    tell('the producer’s time', await sender.send('unstamped', await batch(['a'], producer)));
    tell('again', await sender.sendAgain('unstamped', await batch(['a'], producer)));
  },
};

export const compression: Scenario = {
  name: 'compression.type',
  async run(sender, tell) {
    for (const target of ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']) {
      const topic = `c-${target}`;
      await sender.create(topic, { 'compression.type': target });
      const producer = { producerId: await sender.producerId(), producerEpoch: 0 };
      for (const [turn, source] of (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).entries()) {
        const options = { ...producer, compression: source, baseSequence: turn * 2 };
        await sender.send(topic, await batch([source, 'x'.repeat(5)], options));
      }
      tell(target, (await sender.stored(topic)).join('; '));
    }
    await sender.create('grows', { 'compression.type': 'uncompressed', 'max.message.bytes': '1000' });
    tell('too large then', await sender.send('grows', await batch(['x'.repeat(3000)], { compression: 'gzip' })));
  },
};

export const deletion: Scenario = {
  name: 'deleting records',
  async run(sender, tell) {
    await sender.create('cut');
    const producer = { producerId: await sender.producerId(), producerEpoch: 0 };
    for (let sequence = 0; sequence < 5; sequence++) {
      await sender.send('cut', await batch([`${sequence}`], { ...producer, baseSequence: sequence }));
    }
    const cut = (offset: number, topic = 'cut', partition = 0) => deleteRecords(sender, topic, partition, offset);
    tell('nothing', await cut(0));
    tell('two', await cut(2));
    tell('fewer', await cut(1));
    tell('beyond the end', await cut(6));
    tell('before the start', await cut(-2));
    tell('no such partition', await cut(0, 'cut', 3));
    tell('no such topic', await cut(0, 'absent'));
    tell('left', await sender.stored('cut', 2));
    tell(
      'a repetition of what is gone',
      await sender.sendAgain('cut', await batch(['0'], { ...producer, baseSequence: 0 })),
    );
    tell('all', await cut(-1));
    tell('the next', await sender.send('cut', await batch(['5'], { ...producer, baseSequence: 5 })));
    await sender.create('kept', { 'cleanup.policy': 'compact' });
    tell('of a compacted topic', await cut(0, 'kept'));
    tell('of offsets', await cut(0, '__consumer_offsets'));
  },
};

export const ids: Scenario = {
  name: 'producer ids without a transactional id',
  async run(sender, tell) {
    const ask = async (version: number, producerId: number, producerEpoch: number, timeoutMs = 0) => {
      const body = { transactionalId: null, transactionTimeoutMs: timeoutMs, producerId, producerEpoch };
      let answer = await sender.wire.ask(InitProducerId, version, body);
      // Apache Kafka fetches a block of ids first.
      while (answer.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        answer = await sender.wire.ask(InitProducerId, version, body);
      }
      const fresh =
        answer.producerId >= 0 && answer.producerId !== producerId ? 'another id' : `id ${answer.producerId}`;
      return `${errorByCode(answer.errorCode).name}, ${fresh}, epoch ${answer.producerEpoch}`;
    };
    for (const version of [0, 2, 3, 4, 5]) tell(`v${version}`, await ask(version, -1, -1));
    tell('any timeout', await ask(4, -1, -1, -5));
    tell('that has one', await ask(4, 12_345, 3));
    tell('an epoch alone', await ask(4, -1, 3));
    tell('an id alone', await ask(4, 12_345, -1));
  },
};

async function deleteRecords(sender: Sender, name: string, partitionIndex: number, offset: number): Promise<string> {
  const topics = [{ name, partitions: [{ partitionIndex, offset }] }];
  const answer = await sender.wire.ask(DeleteRecords, 2, { topics, timeoutMs: 5000 });
  const told = answer.topics[0]?.partitions[0];
  return told?.errorCode === 0 ? `from ${told.lowWatermark}` : errorByCode(told?.errorCode ?? Number.NaN).name;
}
