import {
  CreateTopics,
  errorByCode,
  Fetch,
  InitProducerId,
  ListOffsets,
  Metadata,
  Produce,
  type RecordBatch,
  recordBatchesOf,
  ZERO_UUID,
} from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';
import { codec } from './batches.ts';

/** Writes down what was asked and told. */
export type Tell = (asked: string, ...told: readonly unknown[]) => void;

/** Requests of producers in an order that one may bring them in. */
export interface Scenario {
  readonly name: string;
  run(sender: Sender, tell: Tell): Promise<void>;
}

export interface SendOptions {
  readonly version?: number;
  readonly acks?: number;
  readonly partition?: number;
  readonly transactionalId?: string | null;
  /** In place of the topic's own, from version 13 on. */
  readonly topicId?: string;
}

const words = (errorCode: number): string => errorByCode(errorCode).name;
/** What a time that the broker sets reads as: the run's own times differ. */
const timeOf = (timestampMs: number): string => (timestampMs > 1_600_000_000_000 ? 'now' : `${timestampMs}`);

/** Sends batches byte for byte and puts the answers into words. */
export class Sender {
  readonly wire: Wire;
  readonly #topicIds = new Map<string, string>();

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** Creates a topic and waits until it can be used. */
  async create(name: string, configs: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<void> {
    const asked = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: asked };
    const { topics } = await this.wire.ask(CreateTopics, 7, {
      topics: [topic],
      timeoutMs: 10_000,
      validateOnly: false,
    });
    if (topics[0]?.errorCode !== 0) throw new Error(`${name}: ${topics[0]?.errorMessage}`);
    for (let tries = 0; tries < 500; tries++) {
      const found = await this.#topicId(name);
      if (found !== undefined && (await this.#isLed(name, numPartitions))) return void this.#topicIds.set(name, found);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${name} is never seen`);
  }

  async #topicId(name: string): Promise<string | undefined> {
    const body = { topics: [{ name, topicId: ZERO_UUID }], allowAutoTopicCreation: false };
    const { topics } = await this.wire.ask(Metadata, 12, { ...body, includeTopicAuthorizedOperations: false });
    return topics[0]?.errorCode === 0 ? topics[0].topicId : undefined;
  }

  /** Of a topic that is just made Kafka leads one partition sooner than the other. */
  async #isLed(name: string, numPartitions: number): Promise<boolean> {
    const latest = { currentLeaderEpoch: -1, timestamp: -1 };
    const partitions = Array.from({ length: numPartitions }, (_, partitionIndex) => ({ partitionIndex, ...latest }));
    const topics = [{ name, partitions }];
    const answer = await this.wire.ask(ListOffsets, 7, { replicaId: -1, isolationLevel: 0, topics });
    return answer.topics[0]?.partitions.every(({ errorCode }) => errorCode === 0) ?? false;
  }

  /** A fresh producer id. */
  async producerId(): Promise<number> {
    const body = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 };
    for (;;) {
      const answer = await this.wire.ask(InitProducerId, 4, body);
      if (answer.errorCode === 0) return answer.producerId;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Produces one batch: error, its message, the records it names; else offset, append time, log start. */
  async send(topic: string, records: Uint8Array | null, options: SendOptions = {}): Promise<string> {
    const { version = 9, acks = -1, partition = 0, transactionalId = null } = options;
    const topicId = version < 13 ? ZERO_UUID : (options.topicId ?? this.#topicIds.get(topic) ?? ZERO_UUID);
    const partitionData = [{ index: partition, records }];
    const topicData = [{ name: version < 13 ? topic : '', topicId, partitionData }];
    const answer = await this.wire.ask(Produce, version, { transactionalId, acks, timeoutMs: 5000, topicData });
    const told = answer.responses[0]?.partitionResponses[0];
    if (told === undefined) return 'nothing';
    const { errorCode, errorMessage, recordErrors, baseOffset, logAppendTimeMs, logStartOffset } = told;
    if (errorCode === 0) return `offset ${baseOffset}, time ${timeOf(logAppendTimeMs)}, start ${logStartOffset}`;
    const named = recordErrors.map((each) => ` [${each.batchIndex}: ${withoutTimes(each.batchIndexErrorMessage)}]`);
    const offset = baseOffset === -1 ? '' : ` at ${baseOffset}`;
    // Kafka gives a message only where it names records; ks says more.
    return `${words(errorCode)}${offset}${named.length === 0 ? '' : said(errorMessage)}${named.join('')}`;
  }

  /** The same for a repetition: its time is left out, which Kafka tells also where the producer sets it (then it should be -1). */
  async sendAgain(topic: string, records: Uint8Array): Promise<string> {
    return (await this.send(topic, records)).replace(/time [^,]*, /, '');
  }

  /** Everything in the log, batch by batch. */
  async stored(topic: string, fetchOffset = 0): Promise<readonly string[]> {
    const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1 };
    const topics = [{ topic, partitions: [{ ...partition, partitionMaxBytes: 10_000_000 }] }];
    const limits = { replicaId: -1, maxWaitMs: 100, minBytes: 1, maxBytes: 10_000_000, isolationLevel: 0 };
    const session = { sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' };
    const answer = await this.wire.ask(Fetch, 12, { ...limits, ...session, topics });
    const bytes = answer.responses[0]?.partitions[0]?.records;
    return Promise.all([...recordBatchesOf(bytes ?? new Uint8Array())].map(describe));
  }
}

async function describe(batch: RecordBatch): Promise<string> {
  const values = [...batch.records(await batch.decompress(codec, 10_000_000))].map(({ value }) =>
    new TextDecoder().decode(value ?? new Uint8Array()),
  );
  const { baseOffset, compression, baseSequence } = batch;
  const time = batch.isLogAppendTime ? ', append time' : '';
  return `${baseOffset} ${compression}${time}, sequence ${baseSequence}: ${values.join(' ')}`;
}

function said(message: string | null): string {
  return message === null ? '' : ` (${withoutTimes(message)})`;
}

/** Times differ from run to run. */
function withoutTimes(message: string | null): string {
  return (message ?? 'null').replaceAll(/-?\d{9,}/g, 'T');
}
