import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { TransactionCommand } from './commands.ts';
import { decodeTransactionRecord, encodeTransactionRecord, type TransactionRecord } from './records.ts';
import type { TransactionReply } from './replies.ts';
import { defaultTransactionConfig } from './transaction-config.ts';
import { TransactionShard } from './transaction-shard.ts';
import type { SendMarkersEffect, TransactionEffect } from './transaction-view.ts';

type Told = (reply: TransactionReply | 'lost') => void;

/** What waits for a record to be committed. */
interface Waiting {
  readonly endOffset: number;
  readonly whenCommitted: readonly TransactionEffect[];
  readonly reply: TransactionReply;
  readonly told: Told;
}

/** Markers on their way: one job per transactional id, as in the runtime. */
export interface Job extends SendMarkersEffect {
  readonly unmarked: { readonly topic: string; readonly partitionIndex: number }[];
}

/** A coordinator with its log, whose commits, crashes and clock are in the hands of the test. */
export class CoordinatorWorld {
  shard = new TransactionShard(defaultTransactionConfig);
  readonly jobs = new Map<string, Job>();
  now: Instant = { monotonicMs: 0, wallMs: 1_700_000_000_000 };
  readonly log: TransactionRecord[] = [];
  #committed = 0;
  #waiting: Waiting[] = [];
  #nextProducerId = 100;
  readonly #deadlines = new Map<string, number>();

  get transactionalIds(): readonly string[] {
    return [...this.shard.transactions()].map(({ transactionalId }) => transactionalId);
  }

  submit(command: TransactionCommand, told: Told = () => {}): void {
    const decision = this.shard.decide(command, this.now);
    const needsId = decision.reply !== undefined && (decision.reply as TransactionReply).type === 'needs-producer-id';
    if (needsId && (command.type === 'init-producer-id' || command.type === 'end')) {
      this.submit({ ...command, freshProducerId: this.#nextProducerId++ }, told);
      return;
    }
    for (const record of decision.records) {
      const { key, value } = encodeTransactionRecord(record);
      const stored = decodeTransactionRecord(key, value);
      if (stored === undefined) throw new Error('a record was not read back');
      this.log.push(stored);
      this.shard.apply(record);
    }
    for (const change of decision.soft ?? []) this.#arm(this.shard.soften(change, this.now).timers);
    const { whenCommitted = [], reply } = decision;
    this.#waiting.push({ endOffset: this.log.length, whenCommitted, reply: reply as TransactionReply, told });
    this.#settle();
  }

  /** Everything appended is committed: replies are given and effects begin. */
  commit(): void {
    this.#committed = this.log.length;
    this.#settle();
  }

  /** The coordinator moves: of what is not committed only `kept` records are left, nobody is answered, the log is replayed. */
  crash(kept: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.log.length = Math.min(this.log.length, this.#committed + kept);
    this.#committed = this.log.length;
    this.jobs.clear();
    this.#deadlines.clear();
    this.shard = this.replayed();
    const { timers, effects } = this.shard.loaded(this.now);
    this.#arm(timers);
    for (const effect of effects) this.#perform(effect);
    for (const { told } of waiting) told('lost');
  }

  replayed(): TransactionShard {
    const shard = new TransactionShard(defaultTransactionConfig);
    for (const record of this.log) shard.apply(record);
    return shard;
  }

  /** Time passes; deadlines that are reached are decided. */
  pass(ms: number): void {
    this.now = { monotonicMs: this.now.monotonicMs + ms, wallMs: this.now.wallMs + ms };
    for (const [key, atMs] of [...this.#deadlines]) {
      if (atMs > this.now.monotonicMs) continue;
      this.#deadlines.delete(key);
      this.submit(this.shard.expired(key));
    }
  }

  /** Every marker of the job is written. */
  completed(job: Job): void {
    this.jobs.delete(job.transactionalId);
    const { transactionalId, producerId, producerEpoch } = job;
    this.submit({ type: 'completed', transactionalId, producerId, producerEpoch });
  }

  #settle(): void {
    while (true) {
      const [first] = this.#waiting;
      if (first === undefined || first.endOffset > this.#committed) return;
      this.#waiting.shift();
      for (const effect of first.whenCommitted) this.#perform(effect);
      first.told(first.reply);
    }
  }

  #perform(effect: TransactionEffect): void {
    if (effect.type !== 'send-markers') throw new Error('nothing fails to be committed here');
    const unmarked = effect.partitions.flatMap(({ topic, partitionIndexes }) =>
      partitionIndexes.map((partitionIndex) => ({ topic, partitionIndex })),
    );
    this.jobs.set(effect.transactionalId, { ...effect, unmarked });
  }

  #arm(timers: readonly { readonly key: string; readonly atMs: number | undefined }[]): void {
    for (const { key, atMs } of timers) {
      if (atMs === undefined) this.#deadlines.delete(key);
      else this.#deadlines.set(key, atMs);
    }
  }
}

interface OpenTransaction {
  readonly producerEpoch: number;
  readonly tags: Set<number>;
}

/** A partition as its producers see it: epochs, open transactions and what became of each batch's transaction. */
export class ModelPartition {
  readonly #epochs = new Map<number, number>();
  readonly open = new Map<number, OpenTransaction>();
  /** By the transaction's tag: every outcome its batches here ever got. */
  readonly outcomes = new Map<number, Set<boolean>>();

  isOpen(producerId: number, producerEpoch: number): boolean {
    return this.open.get(producerId)?.producerEpoch === producerEpoch;
  }

  append(producerId: number, producerEpoch: number, tag: number): number {
    if (producerEpoch < (this.#epochs.get(producerId) ?? -1)) return ErrorCode.INVALID_PRODUCER_EPOCH;
    this.#epochs.set(producerId, producerEpoch);
    const open = this.open.get(producerId) ?? { producerEpoch, tags: new Set() };
    open.tags.add(tag);
    this.open.set(producerId, { producerEpoch, tags: open.tags });
    return ErrorCode.NONE;
  }

  mark({ producerId, producerEpoch, committed, clientTransactionVersion }: SendMarkersEffect): number {
    const open = this.open.get(producerId);
    if (producerEpoch < (this.#epochs.get(producerId) ?? -1)) return ErrorCode.INVALID_PRODUCER_EPOCH;
    if (clientTransactionVersion >= 2 && open !== undefined && producerEpoch <= open.producerEpoch) {
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    }
    this.#epochs.set(producerId, producerEpoch);
    this.open.delete(producerId);
    for (const tag of open?.tags ?? []) {
      const outcomes = this.outcomes.get(tag) ?? new Set();
      outcomes.add(committed);
      this.outcomes.set(tag, outcomes);
    }
    return ErrorCode.NONE;
  }
}
