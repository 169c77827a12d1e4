import { createCore } from '@ks/core-wasm';
import { CreateTopics, encodePlainRecordBatch, Fetch, Produce, recordBatchesOf } from '@ks/protocol';
import { expect } from 'vitest';
import { requestBytes, TestClient } from './test-client.ts';

const core = createCore();
const topic = 'calm';

/** Creates a topic and fails where the broker refuses it. */
export async function createTopic(
  port: number,
  name: string,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const client = await TestClient.connect(port);
  const given = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const one = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: given };
  client.send(requestBytes(CreateTopics, 5, 1, { topics: [one], timeoutMs: 10_000, validateOnly: false }));
  expect((await client.response(CreateTopics, 5)).body.topics[0]?.errorCode).toBe(0);
  client.destroy();
}

/** A batch of one record with this text. */
export function batchOf(text: string): Uint8Array {
  return encodePlainRecordBatch([{ timestamp: 1_700_000_000_000, value: Buffer.from(text) }], { checksum: core });
}

/** A request to append `records` to partition 0 of a topic. */
export function produceRequest(name: string, records: Uint8Array, version = 9): Uint8Array {
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  return requestBytes(Produce, version, 1, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData });
}

/** Reads all records of partition 0, as text. */
export async function readAll(port: number, name: string): Promise<readonly string[]> {
  const client = await TestClient.connect(port);
  const found: string[] = [];
  for (;;) {
    const partitions = [{ partition: 0, fetchOffset: found.length, partitionMaxBytes: 1_000_000 }];
    client.send(
      requestBytes(Fetch, 11, 1, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1_000_000,
        topics: [{ topic: name, partitions }],
      }),
    );
    const partition = (await client.response(Fetch, 11)).body.responses[0]?.partitions[0];
    expect(partition?.errorCode).toBe(0);
    for (const batch of recordBatchesOf(partition?.records ?? new Uint8Array()))
      for (const record of batch.records(batch.payload))
        if (record.offset === found.length) found.push(Buffer.from(record.value ?? []).toString());
    if (found.length >= (partition?.highWatermark ?? 0)) break;
  }
  client.destroy();
  return found;
}

/** A well-behaved client that writes all the while; nothing that others do may cost it anything. */
export class Bystander {
  readonly #port: number;
  readonly #client: TestClient;
  #acknowledged = 0;
  #goesOn = true;
  readonly #work: Promise<void>;

  private constructor(port: number, client: TestClient) {
    this.#port = port;
    this.#client = client;
    this.#work = this.#write();
  }

  static async start(port: number): Promise<Bystander> {
    await createTopic(port, topic);
    return new Bystander(port, await TestClient.connect(port));
  }

  async #write(): Promise<void> {
    while (this.#goesOn) {
      this.#client.send(produceRequest(topic, batchOf(`record ${this.#acknowledged}`)));
      const { body } = await this.#client.response(Produce, 9);
      expect(body.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: this.#acknowledged });
      this.#acknowledged += 1;
    }
  }

  /** It has been served again, twice, since this was called: requests it had under way before do not count. */
  async expectServed(): Promise<void> {
    const from = this.#acknowledged;
    while (this.#acknowledged < from + 2)
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), this.#work]);
  }

  /** Ends it and checks that everything acknowledged is there, once and in order. */
  async finish(): Promise<void> {
    this.#goesOn = false;
    await this.#work;
    const expected = Array.from({ length: this.#acknowledged }, (_, index) => `record ${index}`);
    expect(expected.length).toBeGreaterThan(0);
    expect(await readAll(this.#port, topic)).toEqual(expected);
    this.#client.destroy();
  }
}
