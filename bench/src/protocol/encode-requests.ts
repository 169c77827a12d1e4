import assert from 'node:assert/strict';
import {
  type AnyApi,
  ApiVersions,
  apiByKey,
  decodeRequestHeader,
  encodePlainRecordBatch,
  encodeRequest,
  Fetch,
  joinFrame,
  Metadata,
  Produce,
  Reader,
  type RequestOf,
  recordBatchesOf,
  type WirePiece,
} from '@ks/protocol';
import { apiVersionsV3, fetchV17, metadataV12, produceV11 } from '@platformatic/kafka';
import { type Comparison, type Contender, compare } from './contender.ts';
import * as fixtures from './fixtures.ts';
import { CLIENT_ID, CORRELATION_ID, TOPIC } from './fixtures.ts';
import { encodeWith } from './kafkajs.ts';
import { frame } from './platformatic.ts';

const RECORDS = fixtures.recordsOfBatch.length;
const head = { correlationId: CORRELATION_ID, clientId: CLIENT_ID };

/** Decodes what anybody encoded: all must have written a whole frame of the same request. */
function requestIn<A extends AnyApi>(api: A, version: number, result: unknown): RequestOf<A> {
  const bytes = Array.isArray(result) ? joinFrame(result as WirePiece[]) : result;
  assert.ok(bytes instanceof Uint8Array);
  const reader = new Reader(bytes);
  assert.equal(reader.int32(), bytes.length - 4);
  assert.deepEqual({ ...decodeRequestHeader(reader, apiByKey) }, { apiKey: api.key, apiVersion: version, ...head });
  const body: RequestOf<A> = api.request.codec(version).decode(reader);
  assert.equal(reader.remaining, 0);
  return body;
}

function produce(): Comparison {
  const { recordsOfBatch, checksum } = fixtures;
  const ours = (version: number): Contender => ({
    peer: 'ks',
    version,
    run() {
      const records = encodePlainRecordBatch(recordsOfBatch, { checksum });
      const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }];
      return encodeRequest(Produce, version, head, { acks: -1, timeoutMs: 30_000, topicData });
    },
  });
  const messages = recordsOfBatch.map(({ timestamp, ...rest }) => ({
    topic: TOPIC,
    ...rest,
    timestamp: BigInt(timestamp),
  }));
  const encode = encodeWith('produce', 7);
  const partition = { partition: 0, firstSequence: 0, messages: recordsOfBatch };
  return compare(
    `encode Produce request, ${RECORDS} records of 100 bytes, batch and CRC included`,
    (version, result) => {
      const [topic] = requestIn(Produce, version, result).topicData;
      assert.equal(topic?.name, TOPIC);
      const [batch] = [...recordBatchesOf(topic?.partitionData[0]?.records ?? new Uint8Array())];
      assert.ok(batch);
      assert.ok(batch.isCrcValid(checksum));
      const sizes = [...batch.records(batch.payload)].map((record) => record.value?.length);
      assert.deepEqual(sizes, Array(RECORDS).fill(100));
    },
    ours,
    { version: 11, run: () => frame(0, 11, produceV11.createRequest(-1, 30_000, messages)) },
    {
      version: 7,
      run: () => encode({ acks: -1, timeout: 30_000, topicData: [{ topic: TOPIC, partitions: [partition] }] }),
    },
  );
}

function fetch(): Comparison {
  const { fetchRequest, TOPIC_UUID } = fixtures;
  const topics = fetchRequest.topics.map(({ partitions }) => ({
    topicId: TOPIC_UUID,
    partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => ({
      partition,
      partitionMaxBytes,
      fetchOffset: BigInt(fetchOffset),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    })),
  }));
  const asked = {
    replicaId: -1,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: fetchRequest.maxBytes,
    topics: fetchRequest.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partitionMaxBytes, ...rest }) => ({ ...rest, maxBytes: partitionMaxBytes })),
    })),
  };
  const encode = encodeWith('fetch', 11);
  return compare(
    'encode Fetch request, 5 topics, 60 partitions',
    (version, result) => {
      const body = requestIn(Fetch, version, result);
      assert.equal(body.topics.length, 5);
      assert.equal(body.topics[4]?.partitions[11]?.fetchOffset, 123_456_789 + 11);
    },
    (version) => ({ peer: 'ks', version, run: () => encodeRequest(Fetch, version, head, fetchRequest) }),
    {
      version: 17,
      run: () => frame(1, 17, fetchV17.createRequest(500, 1, fetchRequest.maxBytes ?? 0, 1, 0, -1, topics, [], '')),
    },
    { version: 11, run: () => encode(asked) },
  );
}

function metadata(): Comparison {
  const names = (fixtures.metadataRequest.topics ?? []).map(({ name }) => name ?? '');
  const encode = encodeWith('metadata', 6);
  return compare(
    'encode Metadata request, 10 topics',
    (version, result) => {
      const topics = requestIn(Metadata, version, result).topics ?? [];
      assert.deepEqual(
        topics.map(({ name }) => name),
        names,
      );
    },
    (version) => ({ peer: 'ks', version, run: () => encodeRequest(Metadata, version, head, fixtures.metadataRequest) }),
    { version: 12, run: () => frame(3, 12, metadataV12.createRequest(names, false, false)) },
    { version: 6, run: () => encode({ topics: names, allowAutoTopicCreation: false }) },
  );
}

function apiVersions(): Comparison {
  const encode = encodeWith('apiVersions', 2);
  return compare(
    'encode ApiVersions request',
    (version, result) => void requestIn(ApiVersions, version, result),
    (version) => ({
      peer: 'ks',
      version,
      run: () => encodeRequest(ApiVersions, version, head, version < 3 ? {} : fixtures.apiVersionsRequest),
    }),
    { version: 3, run: () => frame(18, 3, apiVersionsV3.createRequest('ks', '0.1.0')) },
    { version: 2, run: () => encode(undefined) },
  );
}

/** Whole request frames from the values that a client has. */
export const encodeRequests: readonly (() => Comparison)[] = [produce, fetch, metadata, apiVersions];
