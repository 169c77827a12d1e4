import { describe, expect, test } from 'vitest';
import { newMember, metadataOfMember } from './consumer-member.ts';
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from './records.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString('hex'));

const T = 'YnW5_PVjS36BGffxVfMV3Q';
const U = 'XBmGazg7RJaSAMgAPvngyw';
const group = { groupId: 'c4', memberId: 'a' };

/** Keys and values as Apache Kafka 4.4.0 wrote them. */
const ofKafka: readonly (readonly [string, string, GroupRecord])[] = [
  [
    '00070003633061000161',
    '0000026275b9fcf5634b7e8119f7f155f315dd05000000000000000100000002000000030000',
    { type: 'target-member', groupId: 'c0a', memberId: 'a', value: new Map([[T, new Set([0, 1, 2, 3])]]) },
  ],
  [
    '00060003633061',
    '000000000002010008000001a21261db44',
    { type: 'target-metadata', groupId: 'c0a', value: { assignmentEpoch: 2, assignmentTimestamp: 1795604732740 } },
  ],
  [
    '000800026334000161',
    '0000000000020000000100036275b9fcf5634b7e8119f7f155f315dd050000000000000001000000020000000301001105000000020000000200000002000000025c19866b383b44969200c8003ef9e0cb0300000000000000010100090300000002000000020100',
    {
      ...{ type: 'current-assignment', ...group },
      value: {
        ...{ memberEpoch: 2, previousMemberEpoch: 1, state: 'stable', pendingRevocation: new Map() },
        assigned: new Map([
          [
            T,
            new Map([
              [0, 2],
              [1, 2],
              [2, 2],
              [3, 2],
            ]),
          ],
          [
            U,
            new Map([
              [0, 2],
              [1, 2],
            ]),
          ],
        ]),
      },
    },
  ],
  [
    '0010000263340003747c75',
    '000003027402750000000000000023000001a21261dc5500',
    {
      type: 'regex',
      groupId: 'c4',
      regex: 't|u',
      value: { topics: ['t', 'u'], version: 35, timestamp: 1795604733013 },
    },
  ],
];

describe('records of consumer groups', () => {
  test.each(ofKafka)('%s', (key, value, record) => {
    expect(decodeGroupRecord(bytes(key), bytes(value))).toEqual(record);
    const written = encodeGroupRecord(record);
    expect([hexOf(written.key), hexOf(written.value)]).toEqual([key, value]);
  });

  test('a member: Kafka says that it does not speak the classic protocol, where the default would do', () => {
    const value = '000000000672756c65730b2f3132372e302e302e310202740100';
    const record = decodeGroupRecord(bytes('00050003633061000161'), bytes(`${value}0000000001000100`));
    const member = {
      ...metadataOfMember(newMember('a')),
      ...{ clientId: 'rules', clientHost: '/127.0.0.1', subscribedTopicNames: ['t'], rebalanceTimeoutMs: 0 },
    };
    expect(record).toEqual({ type: 'consumer-member', groupId: 'c0a', memberId: 'a', value: member });
    expect(hexOf(encodeGroupRecord(record as GroupRecord).value)).toBe(`${value}0000000000`);
  });

  test('a member of the classic protocol keeps all it said', () => {
    const classic = { sessionTimeoutMs: 6000, protocols: [{ name: 'range', metadata: Uint8Array.of(1, 2) }] };
    const value = {
      ...metadataOfMember(newMember('a')),
      instanceId: 'i',
      rackId: 'r',
      serverAssignor: 'range',
      classic,
    };
    const record: GroupRecord = { type: 'consumer-member', ...group, value };
    const { key, value: written } = encodeGroupRecord(record);
    expect(decodeGroupRecord(key, written)).toEqual(record);
  });

  test('a group: a hash of Kafka’s, which needs all 64 bits, is another than any of ours', () => {
    const key = bytes('00030003633061');
    const record = decodeGroupRecord(key, bytes('000000000002010008ce2c5e3c4ad3d9af'));
    expect(record).toMatchObject({ type: 'consumer-group', groupId: 'c0a', value: { groupEpoch: 2 } });
    const ours: GroupRecord = {
      type: 'consumer-group',
      groupId: 'c0a',
      value: { groupEpoch: 2, metadataHash: 2 ** 53 - 2 },
    };
    expect(decodeGroupRecord(key, encodeGroupRecord(ours).value)).toEqual(ours);
  });

  test('releases before KIP-1251 wrote no epochs of partitions; a state of a newer release is unknown', () => {
    const old = bytes('0000000000020000000109026275b9fcf5634b7e8119f7f155f315dd0200000000000100');
    expect(decodeGroupRecord(bytes('000800026334000161'), old)).toMatchObject({
      value: { state: 'unknown', assigned: new Map([[T, new Map([[0, 0]])]]) },
    });
  });

  test.each(['00050003633061000161', '00030003633061', '0010000263340003747c75'])('the tombstone of %s', (key) => {
    const record = decodeGroupRecord(bytes(key), null);
    expect(record).toMatchObject({ value: null });
    const written = encodeGroupRecord(record as GroupRecord);
    expect([hexOf(written.key), written.value]).toEqual([key, null]);
  });
});
