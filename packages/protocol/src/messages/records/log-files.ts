import { NEVER, int64 } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Entries of files in a log directory.

/** AbortedTxn. */
export const AbortedTxn = message('AbortedTxn', [0, 0], NEVER, {
  producerId: int64,
  firstOffset: int64,
  lastOffset: int64,
  lastStableOffset: int64,
});
