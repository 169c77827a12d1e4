import { AddOffsetsToTxn, AddPartitionsToTxn, EndTxn, InitProducerId, Produce, TxnOffsetCommit } from '@ks/protocol';
import { sentAgain } from '../history/attempt.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { Transaction } from '../history/transaction-history.ts';
import { keepWorking, pick, type Stage } from './actor.ts';
import { askUntil, isLater, isSure, TRIES_MAX } from './ask-until.ts';
import { makeBatch, type Sending } from './batches.ts';
import { fetchCommitted, keyOf } from './committed-offsets.ts';
import { findCoordinator } from './find-coordinator.ts';
import { requestOf, resultOf } from './producer.ts';
import type { ProgramClient } from './program-client.ts';

/** KIP-890: from these versions on the broker adds partitions by itself, and each transaction has an epoch of its own. */
const PRODUCE_V2_SINCE = 12;
const END_V2_SINCE = 5;
const OFFSETS_V2_SINCE = 5;
/** Zstandard is refused below. */
const PRODUCE_MIN = 7;

/** A program that writes to several partitions at once, or not at all. */
export function produceInTransactions(stage: Stage, client: ProgramClient): Promise<void> {
  return new TransactionalProducer(stage, client).run();
}

class TransactionalProducer {
  readonly #stage: Stage;
  readonly #client: ProgramClient;
  readonly #transactionalId: string;
  readonly #timeoutMs: number;
  /** Whether it speaks as KIP-890 has it. */
  #isSecondVersion = false;
  #producer: { readonly producerId: number; readonly producerEpoch: number } | undefined;
  #sequences = new Map<PartitionHistory, number>();
  /** What the transaction has touched. */
  #touched = new Set<PartitionHistory>();
  /** Offsets committed in the transaction, by the key of their register. */
  #offsets = new Map<string, number>();

  constructor(stage: Stage, client: ProgramClient) {
    this.#stage = stage;
    this.#client = client;
    this.#transactionalId = client.name;
    this.#timeoutMs = 500 + stage.random.int(4000);
  }

  run(): Promise<void> {
    return keepWorking(this.#stage, this.#client, async () => {
      if (this.#producer === undefined) await this.#begin();
      else await this.#transact(this.#producer);
    });
  }

  async #begin(): Promise<void> {
    const { history, random } = this.#stage;
    if (!(await findCoordinator(this.#stage, this.#client, 'transaction', this.#transactionalId))) return;
    const version = this.#client.version(InitProducerId);
    if (version === undefined) throw new Error('InitProducerId is not advertised');
    const answer = await this.#client.request(InitProducerId, version, {
      transactionalId: this.#transactionalId,
      transactionTimeoutMs: this.#timeoutMs,
    });
    history.count(`transactional id: ${answer?.errorCode}`);
    if (answer?.errorCode !== 0) return;
    const { producerId, producerEpoch } = answer;
    history.transactions.issued(this.#transactionalId, producerId, producerEpoch);
    this.#producer = { producerId, producerEpoch };
    this.#sequences = new Map();
    this.#isSecondVersion = random.chance(0.5);
  }

  async #transact(producer: { readonly producerId: number; readonly producerEpoch: number }): Promise<void> {
    const { random, history, note, sleep } = this.#stage;
    const transaction = history.transactions.begin(producer.producerId, producer.producerEpoch);
    this.#touched = new Set();
    this.#offsets = new Map();
    note(`${this.#client.name} begins transaction ${transaction.id}${this.#isSecondVersion ? ' (2)' : ''}`);
    for (let round = 1 + random.int(3); round > 0; round--) {
      const isWritten = random.chance(0.8)
        ? await this.#write(transaction)
        : await this.#commitOffset(transaction, producer);
      if (!isWritten) return this.#abandon(transaction);
      await sleep(random.fraction() * 30);
    }
    // Now and then the transaction's time runs out, or another takes its place.
    if (random.chance(0.05)) await sleep(random.fraction() * 2 * this.#timeoutMs);
    if (this.#touched.size + this.#offsets.size === 0 || random.chance(0.05)) return this.#abandon(transaction);
    await this.#end(transaction, producer, random.chance(0.7));
  }

  /** Begins anew: whatever the transaction was, it cannot be committed any more, unless that was asked for. */
  #abandon(transaction: Transaction): void {
    this.#stage.history.count(`transaction left ${transaction.state}`);
    this.#stage.note(`${this.#client.name} leaves transaction ${transaction.id}, ${transaction.state}`);
    if (transaction.state === 'open') this.#aborted(transaction);
    this.#producer = undefined;
  }

  #aborted(transaction: Transaction): void {
    transaction.state = 'aborted';
    for (const [key, id] of this.#offsets) this.#stage.history.groups.refused(key, id);
  }

  /** Sends a batch to some partitions until they have it; false where that is not to be. */
  async #write(transaction: Transaction): Promise<boolean> {
    const { random, history } = this.#stage;
    const chosen = new Set<PartitionHistory>();
    for (let count = 1 + random.int(2); count > 0; count--) {
      const partition = pick(random, history.partitions());
      if (partition !== undefined && !partition.isDoomed) chosen.add(partition);
    }
    if (chosen.size === 0 || this.#producer === undefined) return true;
    if (!this.#isSecondVersion && !(await this.#add(chosen))) return false;
    let open: Sending[] = [];
    for (const partition of chosen) {
      const sequence = this.#sequences.get(partition) ?? 0;
      const producer = { ...this.#producer, sequence };
      const sending = await makeBatch(this.#stage, this.#client.life, partition, producer, transaction);
      this.#sequences.set(partition, sequence + sending.attempt.count);
      this.#touched.add(partition);
      if (!partition.traits.isFlushed) transaction.isLasting = false;
      open.push(sending);
    }
    for (let tries = 0; tries < TRIES_MAX && open.length > 0; tries++) {
      const left = await this.#send(open, tries);
      if (left === undefined) return false;
      open = left;
      if (open.length > 0) await this.#stage.sleep(20 + random.fraction() * 50);
    }
    return open.length === 0;
  }

  /** Those to be sent again; undefined where the transaction is lost. */
  async #send(open: readonly Sending[], tries: number): Promise<Sending[] | undefined> {
    const { random, history, note } = this.#stage;
    if (!this.#client.isConnected && !(await this.#client.connect())) return [...open];
    const version = this.#isSecondVersion
      ? this.#client.version(Produce, PRODUCE_V2_SINCE)
      : this.#client.version(Produce, PRODUCE_MIN, PRODUCE_V2_SINCE - 1);
    if (version === undefined) throw new Error('Produce is not advertised');
    for (const { attempt, partition } of open) {
      attempt.isSentById = version >= 13;
      if (tries > 0) sentAgain(attempt, this.#client.life, partition.ackedEndOffset);
    }
    note(`${this.#client.name} sends ${open.map(({ attempt }) => attempt.id).join(' ')} v${version} try ${tries}`);
    const body = requestOf(open, -1, version, random, this.#transactionalId);
    const answer = await this.#client.request(Produce, version, body);
    if (answer === undefined) return [...open];
    const left: Sending[] = [];
    for (const sending of open) {
      const result = resultOf(answer, sending, version);
      history.count(`transactional error ${result?.errorCode}`);
      note(`${this.#client.name} batch ${sending.attempt.id}: error ${result?.errorCode} at ${result?.baseOffset}`);
      if (result?.errorCode === 0) sending.partition.acked(sending.attempt, result.baseOffset);
      else if (result !== undefined && isLater(result.errorCode)) left.push(sending);
      else return undefined;
    }
    return left;
  }

  async #add(partitions: ReadonlySet<PartitionHistory>): Promise<boolean> {
    return this.#until(async () => {
      const version = this.#client.version(AddPartitionsToTxn, 0, 3);
      if (version === undefined || this.#producer === undefined)
        throw new Error('AddPartitionsToTxn is not advertised');
      const { producerId, producerEpoch } = this.#producer;
      const answer = await this.#client.request(AddPartitionsToTxn, version, {
        v3AndBelowTransactionalId: this.#transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [...partitions].map(({ topic, index }) => ({ name: topic, partitions: [index] })),
      });
      const results = answer?.resultsByTopicV3AndBelow.flatMap((each) => each.resultsByPartition);
      return results?.reduce((worst, { partitionErrorCode }) => partitionErrorCode || worst, 0);
    }, 'add partitions');
  }

  /** Commits an offset of some partition for a group of its own, in the transaction. */
  async #commitOffset(
    transaction: Transaction,
    producer: { readonly producerId: number; readonly producerEpoch: number },
  ): Promise<boolean> {
    const { random, history } = this.#stage;
    const groupId = `tx-${this.#client.name}`;
    const partition = pick(random, history.partitions());
    if (partition === undefined || partition.isDoomed) return true;
    if (random.chance(0.5)) {
      await fetchCommitted(this.#stage, this.#client, groupId, partition, true);
      return true;
    }
    const head = { transactionalId: this.#transactionalId, ...producer, groupId };
    if (!this.#isSecondVersion) {
      const isAdded = await this.#until(async () => {
        const version = this.#client.version(AddOffsetsToTxn, 0, 3);
        if (version === undefined) throw new Error('AddOffsetsToTxn is not advertised');
        return (await this.#client.request(AddOffsetsToTxn, version, head))?.errorCode;
      }, 'add offsets');
      if (!isAdded) return false;
    }
    transaction.isLasting = false;
    const key = keyOf(groupId, partition);
    const earlier = this.#offsets.get(key);
    const committedOffset = random.int(partition.highWatermark + 1);
    const id = history.groups.committing(key, committedOffset);
    // Of two in one transaction the last counts.
    if (earlier !== undefined) history.groups.refused(key, earlier);
    this.#offsets.set(key, id);
    this.#stage.note(`${this.#client.name} commits ${partition.name}@${committedOffset} c${id} in ${transaction.id}`);
    return this.#until(async () => {
      const version = this.#isSecondVersion
        ? this.#client.version(TxnOffsetCommit, OFFSETS_V2_SINCE)
        : this.#client.version(TxnOffsetCommit, 0, OFFSETS_V2_SINCE - 1);
      if (version === undefined) throw new Error('TxnOffsetCommit is not advertised');
      const answer = await this.#client.request(TxnOffsetCommit, version, {
        ...head,
        topics: [
          {
            name: partition.topic,
            partitions: [{ partitionIndex: partition.index, committedOffset, committedMetadata: `c${id}` }],
          },
        ],
      });
      return answer?.topics[0]?.partitions[0]?.errorCode;
    }, 'commit an offset');
  }

  async #end(
    transaction: Transaction,
    producer: { readonly producerId: number; readonly producerEpoch: number },
    committed: boolean,
  ): Promise<void> {
    const { history, note } = this.#stage;
    if (committed) transaction.state = 'committing';
    else this.#aborted(transaction);
    let isOpen = false;
    let next = producer;
    const isDone = await this.#until(async () => {
      const version = this.#isSecondVersion
        ? this.#client.version(EndTxn, END_V2_SINCE)
        : this.#client.version(EndTxn, 0, END_V2_SINCE - 1);
      if (version === undefined) throw new Error('EndTxn is not advertised');
      const body = { transactionalId: this.#transactionalId, ...producer, committed };
      const answer = await this.#client.request(EndTxn, version, body);
      note(`${this.#client.name} ends ${transaction.id} (${committed ? 'commit' : 'abort'}): ${answer?.errorCode}`);
      history.count(`end error ${answer?.errorCode}`);
      // A coordinator that goes away says so of what it has written, too.
      isOpen ||= answer === undefined || !isSure(answer.errorCode);
      if (answer?.errorCode === 0 && this.#isSecondVersion) {
        next = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
      }
      return answer?.errorCode;
    }, 'end');
    if (isDone && committed) {
      transaction.state = 'committed';
      for (const [key, id] of this.#offsets) history.groups.committed(key, id);
    }
    // Every try was refused: it has not been committed.
    if (!isDone && committed && !isOpen) this.#aborted(transaction);
    if (!isDone) this.#producer = undefined;
    else if (this.#isSecondVersion) {
      history.transactions.issued(this.#transactionalId, next.producerId, next.producerEpoch);
      this.#producer = next;
      this.#sequences = new Map();
    }
  }

  #until(ask: () => Promise<number | undefined>, what: string): Promise<boolean> {
    return askUntil(this.#stage, this.#client, ask, what);
  }
}
