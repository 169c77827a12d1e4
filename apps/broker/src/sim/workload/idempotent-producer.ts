import { ErrorCode, InitProducerId, Produce } from '@ks/protocol';
import { sentAgain } from '../history/attempt.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import { keepWorking, pick, type Stage } from './actor.ts';
import { makeBatch, type Sending } from './batches.ts';
import { requestOf, resultOf } from './producer.ts';
import type { ProgramClient } from './program-client.ts';

/** Zstandard is refused below. */
const VERSION_MIN = 7;
/** Batches of one partition under way: as many as the broker remembers of a producer. */
const PENDING_MAX = 5;

/** Errors after which the same batches are sent again. */
const RETRIABLE: readonly number[] = [
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
];
/** Errors that say that the producer's and the broker's sequences have parted. */
const PARTED: readonly number[] = [
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
];

interface Pending extends Sending {
  isSent: boolean;
  tries: number;
}

/** What the producer has under way in one partition, in the order of its sequences. */
interface Lane {
  nextSequence: number;
  readonly pending: Pending[];
  /** The partition's count of power cuts when the lane began: before the next one, sequences may not part. */
  readonly cutCount: number;
}

/** A producer that sends what is not answered again and again, and has to end up with each batch once and in order. */
export function produceIdempotently(stage: Stage, client: ProgramClient): Promise<void> {
  return new IdempotentProducer(stage, client).run();
}

class IdempotentProducer {
  readonly #stage: Stage;
  readonly #client: ProgramClient;
  #producer: { readonly producerId: number; readonly producerEpoch: number } | undefined;
  #lanes = new Map<PartitionHistory, Lane>();
  #connection = 0;
  #underWay = 0;

  constructor(stage: Stage, client: ProgramClient) {
    this.#stage = stage;
    this.#client = client;
  }

  run(): Promise<void> {
    return keepWorking(this.#stage, this.#client, async () => {
      this.#noticeConnection();
      if (this.#producer === undefined) await this.#begin();
      else if (this.#underWay < PENDING_MAX) await this.#sendSome();
    });
  }

  /** What an earlier connection took with it is to be sent again. */
  #noticeConnection(): void {
    if (this.#connection === this.#client.connectionNumber) return;
    this.#connection = this.#client.connectionNumber;
    for (const { pending } of this.#lanes.values()) for (const each of pending) each.isSent = false;
  }

  async #begin(): Promise<void> {
    const { history } = this.#stage;
    const version = this.#client.version(InitProducerId);
    if (version === undefined) throw new Error('InitProducerId is not advertised');
    const answer = await this.#client.request(InitProducerId, version, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
    });
    if (answer === undefined) return;
    const { errorCode, producerId, producerEpoch } = answer;
    history.count(`producer id: ${errorCode}`);
    if (errorCode !== 0) return;
    if (history.producerIds.has(producerId)) history.violate(`producer id ${producerId} was given out twice`);
    history.producerIds.add(producerId);
    this.#producer = { producerId, producerEpoch };
    this.#lanes = new Map();
  }

  async #sendSome(): Promise<void> {
    const { random, history } = this.#stage;
    const chosen = new Set<PartitionHistory>();
    for (let count = 1 + random.int(3); count > 0; count--) {
      const partition = pick(random, history.partitions());
      if (partition !== undefined && !partition.isDoomed) chosen.add(partition);
    }
    // What waits to be sent again goes before anything new.
    for (const [partition, { pending }] of this.#lanes)
      if (pending.some(({ isSent }) => !isSent)) chosen.add(partition);
    const batches: Pending[] = [];
    for (const partition of chosen) {
      const batch = await this.#nextOf(partition);
      if (batch !== undefined) batches.push(batch);
    }
    if (batches.length === 0 || !this.#client.isConnected || this.#connection !== this.#client.connectionNumber) return;
    this.#underWay += 1;
    void this.#send(batches).finally(() => {
      this.#underWay -= 1;
    });
  }

  async #nextOf(partition: PartitionHistory): Promise<Pending | undefined> {
    if (partition.isDoomed) {
      this.#lanes.delete(partition);
      return undefined;
    }
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = { nextSequence: 0, pending: [], cutCount: partition.cutCount };
      this.#lanes.set(partition, lane);
    }
    const waiting = lane.pending.find(({ isSent }) => !isSent);
    if (waiting !== undefined || lane.pending.length >= PENDING_MAX || this.#producer === undefined) return waiting;
    const sequence = lane.nextSequence;
    const sending = await makeBatch(this.#stage, this.#client.life, partition, { ...this.#producer, sequence });
    const batch: Pending = { ...sending, isSent: false, tries: 0 };
    lane.nextSequence += sending.attempt.count;
    lane.pending.push(batch);
    return batch;
  }

  async #send(batches: readonly Pending[]): Promise<void> {
    const { random, history, note } = this.#stage;
    const version = this.#client.version(Produce, VERSION_MIN);
    if (version === undefined) throw new Error('Produce is not advertised');
    for (const batch of batches) {
      batch.isSent = true;
      batch.tries += 1;
      batch.attempt.isSentById = version >= 13;
      if (batch.tries > 1) sentAgain(batch.attempt, this.#client.life, batch.partition.ackedEndOffset);
    }
    const lanes = this.#lanes;
    const acks = !this.#stage.isReplicated && random.chance(0.2) ? 1 : -1;
    const body = requestOf(batches, acks, version, random);
    const ids = batches.map(({ attempt, tries }) => (tries > 1 ? `${attempt.id} again` : `${attempt.id}`));
    note(`${this.#client.name} sends ${ids.join(', ')} acks ${acks} v${version}`);
    history.count('idempotent produce');
    // Now and then the answer is not waited for.
    const hangsUp = random.chance(0.02);
    const asking = this.#client.request(Produce, version, body);
    if (hangsUp) void this.#stage.sleep(random.fraction() * 20).then(() => this.#client.close());
    const answer = await asking;
    if (answer === undefined || lanes !== this.#lanes) return;
    for (const batch of batches) {
      const result = resultOf(answer, batch, version);
      if (result === undefined) history.violate(`the answer to batch ${batch.attempt.id} leaves it out`);
      else this.#settle(batch, result.errorCode, result.baseOffset);
    }
  }

  #settle(batch: Pending, errorCode: number, baseOffset: number): void {
    const { history, note } = this.#stage;
    const { attempt, partition } = batch;
    const lane = this.#lanes.get(partition);
    history.count(`idempotent error ${errorCode}`);
    note(`${this.#client.name} batch ${attempt.id}: error ${errorCode} at ${baseOffset}`);
    if (lane === undefined || !lane.pending.includes(batch)) return;
    if (errorCode === 0) {
      partition.acked(attempt, baseOffset);
      lane.pending.splice(lane.pending.indexOf(batch), 1);
      return;
    }
    if (partition.isDoomed) {
      this.#lanes.delete(partition);
      return;
    }
    const isFirst = lane.pending[0] === batch;
    if (PARTED.includes(errorCode) && isFirst) this.#part(lane, batch, errorCode);
    else if (!RETRIABLE.includes(errorCode) && !PARTED.includes(errorCode)) {
      history.violate(`${partition.name}: batch ${attempt.id} of an idempotent producer was refused with ${errorCode}`);
    }
    // Everything under way comes again on the next connection, in order.
    this.#client.close();
  }

  /** The broker does not know what came before the oldest batch: only a power cut may have taken that. */
  #part(lane: Lane, { partition, attempt }: Pending, errorCode: number): void {
    const { history, random } = this.#stage;
    if (lane.cutCount === partition.cutCount) {
      const what = `sequence ${attempt.producer?.sequence} of producer ${attempt.producer?.producerId}`;
      history.violate(`${partition.name}: ${what} met error ${errorCode} without a power cut`);
    }
    for (const { pending } of this.#lanes.values()) for (const each of pending) each.attempt.status = 'unknown';
    this.#lanes = new Map();
    const { producerId, producerEpoch } = this.#producer ?? { producerId: -1, producerEpoch: -1 };
    // As KIP-360 has it, or from the beginning.
    const bumps = producerId >= 0 && random.chance(0.5);
    this.#producer = bumps ? { producerId, producerEpoch: producerEpoch + 1 } : undefined;
  }
}
