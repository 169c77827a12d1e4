import assert from 'node:assert/strict';
import {
  ApiVersions,
  decodeResponse,
  encodeResponse,
  Fetch,
  joinFrame,
  Metadata,
  Produce,
  recordBatchesOf,
  type WirePiece,
} from '@ks/protocol';
import { apiVersionsV3, fetchV17, metadataV12, produceV11, Reader } from '@platformatic/kafka';
import { type Comparison, compare } from './contender.ts';
import * as fixtures from './fixtures.ts';
import { CORRELATION_ID, FETCH_PARTITIONS } from './fixtures.ts';
import { decodeWith } from './kafkajs.ts';

const RECORDS = fixtures.recordsOfBatch.length;

/** Each contender counts something deep in what it decoded, so that none is fast by leaving it for later. */
const isCount = (expected: number) => (_: number, result: unknown) => assert.equal(result, expected);
const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** A response frame without its size, as ks takes it. */
const frameOf = (pieces: readonly WirePiece[]): Buffer => Buffer.from(joinFrame(pieces).subarray(4));
/** The same without its header, as the peers' parsers take it. */
const bodyOf = (pieces: readonly WirePiece[], headerBytes: 4 | 5): Buffer => frameOf(pieces).subarray(headerBytes);

function produce(): Comparison {
  const encode = (version: number) => encodeResponse(Produce, version, CORRELATION_ID, fixtures.produceResponse);
  const body11 = bodyOf(encode(11), 5);
  const body7 = bodyOf(encode(7), 4);
  const decode = decodeWith<{ topics: readonly { partitions: readonly unknown[] }[] }>('produce', 7);
  return compare(
    'decode Produce response, 12 partitions',
    isCount(12),
    (version) => {
      const frame = frameOf(encode(version));
      return {
        peer: 'ks',
        version,
        run: () =>
          sum(decodeResponse(Produce, version, frame).body.responses, (topic) => topic.partitionResponses.length),
      };
    },
    {
      version: 11,
      run: () =>
        sum(
          produceV11.parseResponse(CORRELATION_ID, 0, 11, Reader.from(body11)).responses,
          (topic) => topic.partitionResponses.length,
        ),
    },
    { version: 7, run: async () => sum((await decode(body7)).topics, (topic) => topic.partitions.length) },
  );
}

function fetch(records: Uint8Array, name: string, expected: number): Comparison {
  const encode = (version: number) => encodeResponse(Fetch, version, CORRELATION_ID, fixtures.fetchResponse(records));
  const body17 = bodyOf(encode(17), 5);
  const body11 = bodyOf(encode(11), 4);
  type Message = { readonly key: Buffer; readonly value: Buffer; readonly offset: string };
  const decode = decodeWith<{
    responses: readonly { partitions: readonly { readonly partition: number; messages: readonly Message[] }[] }[];
  }>('fetch', 11);
  return compare(
    name,
    isCount(expected),
    (version) => {
      const frame = frameOf(encode(version));
      return {
        peer: 'ks',
        version,
        run() {
          let count = 0;
          for (const topic of decodeResponse(Fetch, version, frame).body.responses) {
            for (const partition of topic.partitions) {
              count += partition.partitionIndex;
              for (const batch of recordBatchesOf(partition.records ?? new Uint8Array()))
                for (const { key, value, offset } of batch.records(batch.payload))
                  count += (key?.length ?? 0) + (value?.length ?? 0) + offset;
            }
          }
          return count;
        },
      };
    },
    {
      version: 17,
      run() {
        let count = 0;
        for (const topic of fetchV17.parseResponse(CORRELATION_ID, 1, 17, Reader.from(body17)).responses) {
          for (const partition of topic.partitions) {
            count += partition.partitionIndex;
            for (const batch of partition.records ?? [])
              for (const { key, value, offsetDelta } of batch.records)
                count += (key?.length ?? 0) + (value?.length ?? 0) + Number(batch.firstOffset) + offsetDelta;
          }
        }
        return count;
      },
    },
    {
      version: 11,
      async run() {
        let count = 0;
        for (const topic of (await decode(body11)).responses) {
          for (const partition of topic.partitions) {
            count += partition.partition;
            for (const { key, value, offset } of partition.messages)
              count += key.length + value.length + Number(offset);
          }
        }
        return count;
      },
    },
  );
}

const partitionSum = (FETCH_PARTITIONS * (FETCH_PARTITIONS - 1)) / 2;
const recordSum =
  sum(fixtures.recordsOfBatch, ({ key, value }) => key.length + value.length) + (RECORDS * (RECORDS - 1)) / 2;

const fetchEmpty = (): Comparison =>
  fetch(new Uint8Array(0), `decode Fetch response, ${FETCH_PARTITIONS} partitions without records`, partitionSum);
const fetchRecords = (): Comparison =>
  fetch(
    fixtures.batch,
    `decode Fetch response, ${FETCH_PARTITIONS} batches of ${RECORDS} records, every record read`,
    partitionSum + FETCH_PARTITIONS * recordSum,
  );

function metadata(): Comparison {
  const encode = (version: number) => encodeResponse(Metadata, version, CORRELATION_ID, fixtures.metadataResponse);
  const body12 = bodyOf(encode(12), 5);
  const body6 = bodyOf(encode(6), 4);
  const decode = decodeWith<{
    topicMetadata: readonly { partitionMetadata: readonly { replicas: readonly number[] }[] }[];
  }>('metadata', 6);
  return compare(
    'decode Metadata response, 50 topics, 600 partitions',
    isCount(1800),
    (version) => {
      const frame = frameOf(encode(version));
      return {
        peer: 'ks',
        version,
        run: () =>
          sum(decodeResponse(Metadata, version, frame).body.topics, (topic) =>
            sum(topic.partitions, (one) => one.replicaNodes.length),
          ),
      };
    },
    {
      version: 12,
      run: () =>
        sum(metadataV12.parseResponse(CORRELATION_ID, 3, 12, Reader.from(body12)).topics, (topic) =>
          sum(topic.partitions, (one) => one.replicaNodes.length),
        ),
    },
    {
      version: 6,
      run: async () =>
        sum((await decode(body6)).topicMetadata, (topic) => sum(topic.partitionMetadata, (one) => one.replicas.length)),
    },
  );
}

function apiVersions(): Comparison {
  const encode = (version: number) =>
    encodeResponse(ApiVersions, version, CORRELATION_ID, fixtures.apiVersionsResponse);
  const body3 = bodyOf(encode(3), 4);
  const body2 = bodyOf(encode(2), 4);
  const decode = decodeWith<{ apiVersions: readonly unknown[] }>('apiVersions', 2);
  const keys = fixtures.apiVersionsResponse.apiKeys.length;
  return compare(
    `decode ApiVersions response, ${keys} keys`,
    isCount(keys),
    (version) => {
      const frame = frameOf(encode(version));
      return { peer: 'ks', version, run: () => decodeResponse(ApiVersions, version, frame).body.apiKeys.length };
    },
    { version: 3, run: () => apiVersionsV3.parseResponse(CORRELATION_ID, 18, 3, Reader.from(body3)).apiKeys.length },
    { version: 2, run: async () => (await decode(body2)).apiVersions.length },
  );
}

/** From the bytes of a response to values that a client can use. */
export const decodeResponses: readonly (() => Comparison)[] = [
  produce,
  fetchEmpty,
  fetchRecords,
  metadata,
  apiVersions,
];
