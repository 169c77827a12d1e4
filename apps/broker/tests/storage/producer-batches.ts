import type { ProducerBatch } from '../../src/storage/producer-batch.ts';

/** Who appends: clients of which no leave is asked, coordinators. */
export const client = { type: 'client', verification: 'unneeded' } as const;
export const coordinator = { type: 'coordinator' } as const;

/** A batch of one record of producer 7, the first of epoch 0. */
export function data(over: Partial<ProducerBatch> = {}): ProducerBatch {
  const defaults = { producerId: 7, producerEpoch: 0, baseSequence: 0, lastOffsetDelta: 0, maxTimestampMs: 1000 };
  return { ...defaults, isTransactional: false, marker: undefined, ...over };
}

/** The end of a transaction of producer 7. */
export function marker(isCommit: boolean, over: Partial<ProducerBatch> = {}, coordinatorEpoch = 0): ProducerBatch {
  return data({ baseSequence: -1, isTransactional: true, marker: { isCommit, coordinatorEpoch }, ...over });
}
