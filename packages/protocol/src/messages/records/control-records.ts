import { NEVER, array, int16, int32, int64, string, struct, uint16, uuid } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Keys and values of control records: an int16 version, then the fields.

/** ControlRecordKey. */
export const ControlRecordKey = message('ControlRecordKey', [0, 0], NEVER, { type: int16 });

/** EndTxnMarker. */
export const EndTxnMarker = message('EndTxnMarker', [0, 0], NEVER, { coordinatorEpoch: int32 });

const voter = { voterId: int32, voterDirectoryId: uuid.since(1) };

/** LeaderChangeMessage. */
export const LeaderChangeMessage = message('LeaderChangeMessage', [0, 1], 0, {
  version: int16,
  leaderId: int32,
  voters: array(voter),
  grantingVoters: array(voter),
});

/** SnapshotHeaderRecord. */
export const SnapshotHeaderRecord = message('SnapshotHeaderRecord', [0, 0], 0, {
  version: int16,
  lastContainedLogTimestamp: int64,
});

/** SnapshotFooterRecord. */
export const SnapshotFooterRecord = message('SnapshotFooterRecord', [0, 0], 0, { version: int16 });

/** KRaftVersionRecord. */
export const KRaftVersionRecord = message('KRaftVersionRecord', [0, 0], 0, { version: int16, kRaftVersion: int16 });

/** VotersRecord. */
export const VotersRecord = message('VotersRecord', [0, 0], 0, {
  version: int16,
  voters: array({
    voterId: int32,
    voterDirectoryId: uuid,
    endpoints: array({ name: string, host: string, port: uint16 }),
    kRaftVersionFeature: struct({ minSupportedVersion: int16, maxSupportedVersion: int16 }),
  }),
});
