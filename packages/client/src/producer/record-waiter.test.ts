import { ErrorCode } from '@ks/protocol';
import { expect, test } from 'vitest';
import { KafkaError } from '../kafka-error.ts';
import { ManyWaiting } from './record-waiter.ts';

const record = (offset: number) => ({ topic: 't', partition: 0, offset, timestamp: 0 });

test('many records are there when the last is, in their order', async () => {
  const waiting = new ManyWaiting(3);
  for (const index of [2, 0, 1]) waiting.sent(index, record(index));
  expect((await waiting.settled).map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test('the first error is what many records reject with, whatever becomes of the others', async () => {
  const waiting = new ManyWaiting(3);
  const first = new KafkaError(ErrorCode.MESSAGE_TOO_LARGE, 'first');
  waiting.sent(0, record(0));
  waiting.failed(2, first);
  waiting.failed(1, new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'second'));
  await expect(waiting.settled).rejects.toBe(first);
});
