import { ZERO_UUID } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from './records.ts';

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
const offset = {
  offset: 42,
  leaderEpoch: 7,
  metadata: 'm',
  commitTimestamp: 1000,
  expireTimestamp: -1,
  topicId: ZERO_UUID,
};

describe('records of __consumer_offsets', () => {
  test('an offset is key type 1 and value version 3', () => {
    const bytes = encodeGroupRecord({ type: 'offset', groupId: 'g', topic: 'tt', partitionIndex: 5, value: offset });
    expect(hex(bytes.key)).toBe('0001000167000274740000' + '0005');
    expect(hex(bytes.value)).toBe('0003000000000000002a0000000700016d00000000000003e8');
  });

  test('a retention time asks for value version 1, a topic id for version 4', () => {
    const versionOf = (value: typeof offset) =>
      hex(encodeGroupRecord({ type: 'offset', groupId: 'g', topic: 't', partitionIndex: 0, value }).value)?.slice(0, 4);
    expect(versionOf({ ...offset, expireTimestamp: 5 })).toBe('0001');
    expect(versionOf({ ...offset, topicId: 'Uj5hn0hAQUCEpVDmSxsRmQ' })).toBe('0004');
  });

  test('a group without members is key type 2 and value version 3', () => {
    const value = {
      protocolType: 'consumer',
      generationId: 2,
      protocolName: null,
      leader: null,
      currentStateTimestamp: 9,
      members: [],
    };
    const bytes = encodeGroupRecord({ type: 'group', groupId: 'g', value });
    expect(hex(bytes.key)).toBe('0002000167');
    expect(hex(bytes.value)).toBe(
      '0003' + '0008636f6e73756d6572' + '00000002' + 'ffff' + 'ffff' + '0000000000000009' + '00000000',
    );
  });

  test('a newer key type or value version is left to a newer release', () => {
    expect(decodeGroupRecord(Uint8Array.of(0, 99, 0, 1, 103), null)).toBeUndefined();
    const { key } = encodeGroupRecord({ type: 'group', groupId: 'g', value: null });
    expect(decodeGroupRecord(key, Uint8Array.of(0, 99))).toBeUndefined();
  });

  test('what is encoded decodes to itself', () => {
    const bytes = fc.uint8Array({ maxLength: 20 }).map((view) => Uint8Array.from(view));
    const nat = fc.nat();
    const member = fc.record({
      memberId: fc.string(),
      groupInstanceId: fc.option(fc.string()),
      clientId: fc.string(),
      clientHost: fc.string(),
      rebalanceTimeoutMs: nat,
      sessionTimeoutMs: nat,
      subscription: bytes,
      assignment: bytes,
    });
    const group = fc.record({
      protocolType: fc.string(),
      generationId: nat,
      protocolName: fc.option(fc.string()),
      leader: fc.option(fc.string()),
      currentStateTimestamp: nat,
      members: fc.array(member, { maxLength: 4 }),
    });
    const committed = fc.oneof(
      fc.record({
        offset: nat,
        leaderEpoch: nat,
        metadata: fc.string(),
        commitTimestamp: nat,
        expireTimestamp: fc.constant(-1),
        topicId: fc.constantFrom(ZERO_UUID, 'Uj5hn0hAQUCEpVDmSxsRmQ'),
      }),
      fc.record({
        offset: nat,
        leaderEpoch: fc.constant(-1),
        metadata: fc.string(),
        commitTimestamp: nat,
        expireTimestamp: nat,
        topicId: fc.constant(ZERO_UUID),
      }),
    );
    const record: fc.Arbitrary<GroupRecord> = fc.oneof(
      fc.record({
        type: fc.constant('offset' as const),
        groupId: fc.string(),
        topic: fc.string(),
        partitionIndex: nat,
        value: fc.option(committed),
      }),
      fc.record({ type: fc.constant('group' as const), groupId: fc.string(), value: fc.option(group) }),
    );
    fc.assert(
      fc.property(record, (input) => {
        const { key, value } = encodeGroupRecord(input);
        expect(decodeGroupRecord(key, value)).toEqual(input);
      }),
    );
  });
});
