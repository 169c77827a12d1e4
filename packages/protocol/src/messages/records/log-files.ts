import { NEVER, array, int16, int32, int64, uint32 } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Entries of files in a log directory.

/** AbortedTxn. */
export const AbortedTxn = message('AbortedTxn', [0, 0], NEVER, {
  producerId: int64,
  firstOffset: int64,
  lastOffset: int64,
  lastStableOffset: int64,
});

/** ProducerSnapshot. */
export const ProducerSnapshot = message('ProducerSnapshot', [1, 1], NEVER, {
  crc: uint32,
  producerEntries: array({
    producerId: int64,
    epoch: int16,
    lastSequence: int32,
    lastOffset: int64,
    offsetDelta: int32,
    timestamp: int64,
    coordinatorEpoch: int32,
    currentTxnFirstOffset: int64,
  }),
});
