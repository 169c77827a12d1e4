import { createCore } from '@ks/core-wasm';
import { encodePlainRecordBatch, Fetch, FindCoordinator, OffsetCommit, Produce } from '@ks/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../src/embedded.ts';
import { createTopic, produceRequest, readAll } from '../server/bystander.ts';
import { frameOf, requestBytes, TestClient } from '../server/test-client.ts';

const core = createCore();
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker({
    config: { 'ks.http.listener': '127.0.0.1:0', 'offsets.topic.num.partitions': '1' },
  });
  closers.push(() => broker.stop());
  return broker;
}

async function client(broker: EmbeddedBroker): Promise<TestClient> {
  const made = await TestClient.connect(broker.port);
  closers.push(() => made.destroy());
  return made;
}

const get = (broker: EmbeddedBroker, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${broker.httpPort}${path}`, init);

/** The values of all series, by name and labels as they are printed. */
async function scrape(broker: EmbeddedBroker): Promise<ReadonlyMap<string, number>> {
  const text = await (await get(broker, '/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** A batch of records that were written `ageMs` ago. */
function aged(values: readonly string[], ageMs: number): Uint8Array {
  const timestamp = Date.now() - ageMs;
  return encodePlainRecordBatch(
    values.map((value) => ({ timestamp, value: Buffer.from(value) })),
    { checksum: core },
  );
}

async function produce(asking: TestClient, topic: string, records: Uint8Array): Promise<number | undefined> {
  asking.send(produceRequest(topic, records));
  const { body } = await asking.response(Produce, 9);
  return body.responses[0]?.partitionResponses[0]?.errorCode;
}

/** Commits as a consumer that manages its partitions itself. */
async function commit(asking: TestClient, groupId: string, topic: string, offset: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    asking.send(requestBytes(FindCoordinator, 4, 1, { keyType: 0, coordinatorKeys: [groupId] }));
    await asking.response(FindCoordinator, 4);
    const partitions = [
      { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' },
    ];
    const topics = [{ name: topic, partitions }];
    asking.send(
      requestBytes(OffsetCommit, 8, 1, {
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        groupInstanceId: null,
        topics,
      }),
    );
    const { body } = await asking.response(OffsetCommit, 8);
    const code = body.topics[0]?.partitions[0]?.errorCode;
    if (code === 0) return;
    // 14 to 16: the coordinator is being found or loaded.
    if (attempt === 100 || code === undefined || code < 14 || code > 16) throw new Error(`commit answered ${code}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('metrics over HTTP', () => {
  test('count requests with their errors and times, by API', async () => {
    const broker = await started();
    await createTopic(broker.port, 'orders');
    const asking = await client(broker);
    expect(await produce(asking, 'orders', aged(['a', 'b'], 0))).toBe(0);
    expect(await produce(asking, 'missing', aged(['a'], 0))).toBe(3);
    const series = await scrape(broker);
    expect(series.get('ks_request_seconds_count{api="Produce"}')).toBe(2);
    expect(series.get('ks_request_seconds_bucket{le="+Inf",api="Produce"}')).toBe(2);
    expect(series.get('ks_request_errors_total{api="Produce",error="UNKNOWN_TOPIC_OR_PARTITION"}')).toBe(1);
    expect([...series.keys()].filter((name) => name.includes('error="NONE"'))).toEqual([]);
    expect(series.get('ks_connections')).toBeGreaterThanOrEqual(1);
  });

  test('count what ended its connection, strangers under one label', async () => {
    const broker = await started();
    for (const key of [0x7000, 0x7001]) {
      const asking = await client(broker);
      asking.send(frameOf(key >> 8, key & 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff));
      await asking.closed();
    }
    expect((await scrape(broker)).get('ks_requests_refused_total{api="unknown"}')).toBe(2);
  });

  test('tell what the cluster is, and bytes by API', async () => {
    const broker = await started();
    await createTopic(broker.port, 'orders');
    const asking = await client(broker);
    const request = produceRequest('orders', aged(['a'], 0));
    asking.send(request);
    await asking.response(Produce, 9);
    const series = await scrape(broker);
    expect(series.get('ks_request_bytes_total{api="Produce"}')).toBe(request.length - 4);
    expect(series.get('ks_response_bytes_total{api="Produce"}')).toBeGreaterThan(20);
    expect(series.get('ks_sent_bytes_total')).toBeGreaterThan(20);
    expect(series.get('ks_received_bytes_total')).toBeGreaterThanOrEqual(request.length);
    expect([series.get('ks_active_controller'), series.get('ks_offline_partitions')]).toEqual([1, 0]);
    expect([series.get('ks_topics'), series.get('ks_leader_partitions'), series.get('ks_brokers')]).toEqual([1, 1, 1]);
    expect([series.get('ks_waiting_fetches'), series.get('ks_unclean_elections_total')]).toEqual([0, 0]);
  });

  test('tell of incremental fetch sessions and of appends that wait', async () => {
    const broker = await started();
    await createTopic(broker.port, 'orders');
    const asking = await client(broker);
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const body = {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1000,
      sessionEpoch: 0,
      topics: [{ topic: 'orders', partitions }],
    };
    asking.send(requestBytes(Fetch, 11, 1, body));
    expect((await asking.response(Fetch, 11)).body.sessionId).toBeGreaterThan(0);
    const series = await scrape(broker);
    expect([series.get('ks_fetch_sessions'), series.get('ks_fetch_session_partitions')]).toEqual([1, 1]);
    expect([series.get('ks_fetch_session_evictions_total'), series.get('ks_waiting_appends')]).toEqual([0, 0]);
  });

  test('tell flushes of the log, and connections that were refused or closed', async () => {
    const broker = await startEmbeddedBroker({
      config: { 'ks.http.listener': '127.0.0.1:0', 'max.connections': '2', 'log.flush.interval.messages': '1' },
    });
    closers.push(() => broker.stop());
    await createTopic(broker.port, 'orders');
    const asking = await client(broker);
    expect(await produce(asking, 'orders', aged(['a'], 0))).toBe(0);
    const talking = await client(broker);
    // The topic's creator may not be gone yet: the third or the fourth is one too many.
    const beyond = await Promise.all([client(broker), client(broker)]);
    await beyond[1]?.closed();
    talking.send(frameOf(0x70, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff));
    await talking.closed();
    const series = await scrape(broker);
    expect(series.get('ks_log_flush_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(series.get('ks_connections_refused_total{limit="max.connections"}')).toBeGreaterThanOrEqual(1);
    expect(series.get('ks_connections_closed_total{cause="refused-request"}')).toBe(1);
    expect(series.get('ks_connections_accepted_total')).toBeGreaterThanOrEqual(3);
  });

  test('tell offsets, sizes and traffic', async () => {
    const broker = await started();
    await createTopic(broker.port, 'orders');
    const batch = aged(['a', 'b', 'c'], 0);
    await produce(await client(broker), 'orders', batch);
    await readAll(broker.port, 'orders');
    const series = await scrape(broker);
    const labels = '{topic="orders",partition="0"}';
    expect(series.get(`ks_partition_log_end_offset${labels}`)).toBe(3);
    expect(series.get(`ks_partition_high_watermark${labels}`)).toBe(3);
    expect(series.get(`ks_partition_size_bytes${labels}`)).toBe(batch.length);
    expect(series.get('ks_topic_records_in_total{topic="orders"}')).toBe(3);
    expect(series.get('ks_topic_bytes_in_total{topic="orders"}')).toBe(batch.length);
    expect(series.get('ks_topic_bytes_out_total{topic="orders"}')).toBe(batch.length);
    expect(series.get('ks_log_directory_online{directory="/ks"}')).toBe(1);
  });

  test('tell how far groups are behind, in records and in seconds', async () => {
    const broker = await started();
    await createTopic(broker.port, 'orders');
    const asking = await client(broker);
    await produce(asking, 'orders', aged(['a', 'b'], 600_000));
    await produce(asking, 'orders', aged(['c'], 60_000));
    const labels = '{group="billing",topic="orders",partition="0"}';
    await commit(asking, 'billing', 'orders', 1);
    const behind = await scrape(broker);
    expect(behind.get(`ks_group_lag_records${labels}`)).toBe(2);
    expect(behind.get(`ks_group_lag_seconds${labels}`)).toBeGreaterThanOrEqual(600);
    await commit(asking, 'billing', 'orders', 2);
    const nearer = (await scrape(broker)).get(`ks_group_lag_seconds${labels}`);
    expect(nearer).toBeGreaterThanOrEqual(60);
    expect(nearer).toBeLessThan(600);
    await commit(asking, 'billing', 'orders', 3);
    const even = await scrape(broker);
    expect([even.get(`ks_group_lag_records${labels}`), even.get(`ks_group_lag_seconds${labels}`)]).toEqual([0, 0]);
  });
});

describe('health over HTTP', () => {
  test('is well while clients are served; other paths and methods are refused', async () => {
    const broker = await started();
    for (const path of ['/health', '/ready']) {
      const answer = await get(broker, path);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: 'ok', isReady: true, onlineLogDirs: ['/ks'], offlineLogDirs: [] },
      ]);
    }
    expect((await get(broker, '/nothing')).status).toBe(404);
    expect((await get(broker, '/metrics', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  test('a port that is taken is said in one line, and the broker gives everything back', async () => {
    const broker = await started();
    const config = { 'ks.http.listener': `127.0.0.1:${broker.httpPort}` };
    await expect(startEmbeddedBroker({ config })).rejects.toThrow(
      `ks.http.listener: cannot listen on http://127.0.0.1:${broker.httpPort}: the port is in use by another process`,
    );
  });
});
