import {
  ApiVersions,
  DescribeGroups,
  Fetch,
  FindCoordinator,
  ListOffsets,
  Metadata,
  OffsetFetch,
  Produce,
  ZERO_UUID,
} from '@ks/protocol';
import type { SimClient } from '../sim-client.ts';
import { choose, keepWorking, pick, type Stage } from './actor.ts';
import { makeBatch, type Sending } from './batches.ts';
import { breakBatch } from './broken-batches.ts';
import { requestOf, resultOf } from './producer.ts';

/** Simulated time within which a connection that broke the protocol has to be gone. */
const PATIENCE_MS = 60_000;
const LARGEST_FRAME_BYTES = 104_857_600;
/** Zstandard is refused below. */
const PRODUCE_MIN = 7;

/** A program that breaks the protocol in every way it knows. What it sends may cost it its connection, and nobody else anything. */
export function attack(stage: Stage, client: SimClient): Promise<void> {
  return new Attacker(stage, client).run();
}

class Attacker {
  readonly #stage: Stage;
  readonly #client: SimClient;

  constructor(stage: Stage, client: SimClient) {
    this.#stage = stage;
    this.#client = client;
  }

  run(): Promise<void> {
    const { random, sleep } = this.#stage;
    return keepWorking(this.#stage, this.#client, async () => {
      await sleep(random.fraction() * 200);
      if (!this.#client.isConnected) return;
      const act = choose(random, [
        [2, () => this.#sendSize()],
        [2, () => this.#sendUnknown()],
        [2, () => this.#sendCutBody()],
        [3, () => this.#sendFlipped()],
        [1, () => this.#sendNoise()],
        [1, () => this.#stallHalfWay()],
        [1, () => this.#flood()],
        [6, () => this.#sendBrokenBatches()],
      ] as const);
      await act();
      if (random.chance(0.3)) this.#client.close();
    });
  }

  /** A size that no request has, and some of what it promises. */
  async #sendSize(): Promise<void> {
    const { random } = this.#stage;
    const size = choose(random, [
      [1, random.int(8)],
      [1, -1 - random.int(2 ** 31)],
      [1, LARGEST_FRAME_BYTES + 1 + random.int(2 ** 30)],
    ]);
    const bytes = random.bytes(4 + random.int(50));
    new DataView(bytes.buffer).setInt32(0, size);
    await this.#expectEnd(bytes, `a request of ${size} bytes`);
  }

  /** An API, or a version of one, that nobody serves. */
  async #sendUnknown(): Promise<void> {
    const { random } = this.#stage;
    const bytes = this.#harmless();
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const isKey = random.chance(0.5);
    if (isKey) view.setInt16(4, random.chance(0.5) ? 500 + random.int(30_000) : -1 - random.int(30_000));
    // The versions of ApiVersions are answered whatever they are.
    else if (view.getInt16(4) === ApiVersions.key) return;
    else view.setInt16(6, random.chance(0.5) ? 100 + random.int(30_000) : -1 - random.int(30_000));
    await this.#expectEnd(bytes, `API ${view.getInt16(4)} in version ${view.getInt16(6)}`);
  }

  /** A whole frame, by its size, whose request is not whole. */
  async #sendCutBody(): Promise<void> {
    const { random, note } = this.#stage;
    const whole = this.#harmless();
    const headBytes = 4 + 8 + 2 + this.#client.name.length;
    if (whole.length <= headBytes + 1) return;
    const cut = whole.slice(0, headBytes + random.int(whole.length - headBytes));
    new DataView(cut.buffer).setInt32(0, cut.length - 4);
    note(`${this.#client.name} cuts a request of ${whole.length} bytes to ${cut.length}`);
    await this.#expectEnd(cut, `a request cut from ${whole.length} to ${cut.length} bytes`);
  }

  /** Some bits of a request are other ones: it may mean something else, or nothing. */
  async #sendFlipped(): Promise<void> {
    const { random, history } = this.#stage;
    const bytes = this.#harmless();
    for (let count = 1 + random.int(4); count > 0; count--) {
      const at = 4 + random.int(bytes.length - 4);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
    }
    history.count('hostile: flipped bits');
    await this.#sendAway(bytes);
  }

  /** A served API's head, and anything behind it. */
  async #sendNoise(): Promise<void> {
    const { random, history } = this.#stage;
    const bytes = random.bytes(16 + random.int(500));
    const view = new DataView(bytes.buffer);
    view.setInt32(0, bytes.length - 4);
    view.setInt16(4, random.int(70));
    view.setInt16(6, random.int(10));
    history.count('hostile: noise');
    await this.#sendAway(bytes);
  }

  /** Half a request, a long time nothing, and sometimes the rest. */
  async #stallHalfWay(): Promise<void> {
    const { random, history, sleep } = this.#stage;
    const bytes = this.#harmless();
    const half = 1 + random.int(bytes.length - 1);
    history.count('hostile: half a request');
    this.#client.sendBytes(bytes.slice(0, half));
    await sleep(random.fraction() * 20_000);
    if (random.chance(0.5)) await this.#sendAway(bytes.slice(half));
    this.#client.close();
  }

  /** Many requests at once, and not one answer taken. */
  async #flood(): Promise<void> {
    const { random, history, sleep } = this.#stage;
    history.count('hostile: flood');
    this.#client.pause();
    for (let count = 10 + random.int(60); count > 0; count--) this.#client.sendBytes(this.#harmless());
    await sleep(random.fraction() * 2000);
    this.#client.close();
  }

  /** Batches that are not what they say, and a good one beside them: that one is taken, the others never. */
  async #sendBrokenBatches(): Promise<void> {
    const { random, history, core } = this.#stage;
    const version = this.#client.version(Produce, PRODUCE_MIN);
    if (version === undefined) return history.violate('Produce is not advertised');
    const partitions = new Set([pick(random, history.partitions()), pick(random, history.partitions())]);
    const sendings: Sending[] = [];
    const good = random.chance(0.5) ? random.int(partitions.size) : -1;
    for (const partition of partitions) {
      if (partition === undefined) return;
      const sending = await makeBatch(this.#stage, this.#client.life, partition);
      const isGood = sendings.length === good;
      sending.attempt.isSentById = version >= 13;
      if (!isGood) sending.attempt.status = 'refused';
      sendings.push(isGood ? sending : { ...sending, records: breakBatch(random, core, sending.records) });
    }
    const answer = await this.#client.request(Produce, version, requestOf(sendings, -1, version, random));
    for (const sending of sendings) {
      const { attempt, partition } = sending;
      const result = resultOf(answer, sending, version);
      if (answer !== undefined && result === undefined) {
        history.violate(`the answer to batch ${attempt.id} leaves it out`);
      }
      if (attempt.status === 'refused') {
        history.count(`hostile: a broken batch: ${result?.errorCode}`);
        if (result?.errorCode === 0) history.violate(`${partition.name}: broken batch ${attempt.id} was taken`);
      } else if (result?.errorCode === 0) partition.acked(attempt, result.baseOffset);
      else attempt.status = 'unknown';
    }
  }

  /** A request that changes nothing, however it is read. */
  #harmless(): Uint8Array {
    const { random, history } = this.#stage;
    const partition = pick(random, history.partitions());
    const [topic, index] = [partition?.topic ?? 'none', partition?.index ?? 0];
    const client = this.#client;
    const versionOf = (api: Parameters<SimClient['version']>[0], min = 0, max?: number) =>
      client.version(api, min, max) ?? min;
    const requests = [
      () => client.bytesOf(Metadata, versionOf(Metadata, 4), { topics: null, allowAutoTopicCreation: false }),
      () =>
        client.bytesOf(ApiVersions, versionOf(ApiVersions), {
          clientSoftwareName: 'hostile',
          clientSoftwareVersion: '1',
        }),
      () => client.bytesOf(DescribeGroups, versionOf(DescribeGroups), { groups: ['g', 'hostile'] }),
      () => client.bytesOf(FindCoordinator, versionOf(FindCoordinator, 0, 3), { key: 'hostile', keyType: 0 }),
      () =>
        client.bytesOf(OffsetFetch, versionOf(OffsetFetch, 0, 7), {
          groupId: 'hostile',
          topics: [{ name: topic, partitionIndexes: [index] }],
        }),
      () =>
        client.bytesOf(ListOffsets, versionOf(ListOffsets), {
          replicaId: -1,
          topics: [{ name: topic, partitions: [{ partitionIndex: index, timestamp: -1 }] }],
        }),
      () =>
        client.bytesOf(Fetch, versionOf(Fetch, 4), {
          maxWaitMs: random.int(500),
          minBytes: 1,
          maxBytes: 10_000,
          topics: [
            {
              topic,
              topicId: partition?.topicId ?? ZERO_UUID,
              partitions: [{ partition: index, fetchOffset: 0, partitionMaxBytes: 10_000 }],
            },
          ],
          forgottenTopicsData: [],
        }),
    ];
    return pick(random, requests)?.() ?? new Uint8Array(0);
  }

  /** Sends what may have any answer or none, and lets it arrive. */
  async #sendAway(bytes: Uint8Array): Promise<void> {
    this.#client.sendBytes(bytes);
    await this.#stage.sleep(this.#stage.random.fraction() * 500);
    this.#client.close();
  }

  /** Sends what has to end the connection. */
  async #expectEnd(bytes: Uint8Array, what: string): Promise<void> {
    const { history, sleep } = this.#stage;
    const { connectionNumber } = this.#client;
    history.count('hostile: what ends a connection');
    this.#client.sendBytes(bytes);
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 100) {
      if (!this.#client.isConnected || this.#client.connectionNumber !== connectionNumber) return;
      await sleep(100);
    }
    history.violate(`${this.#client.name}: ${what} did not end the connection`);
  }
}
