import { PRODUCER_IDS_KEY } from '../core/metadata/keys.ts';
import { producerIdsFormat, writeRecord } from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import type { Random } from '../ports/random.ts';
import { commitSurely } from './metadata-commit.ts';

/** Ids that a broker takes at a time, as Kafka's brokers do. */
const BLOCK_LENGTH = 1000;

/** Gives out producer ids that no broker of the cluster has given out before. */
export interface ProducerIds {
  /** A fresh producer id. Rejects with `MetadataStoreError` where the store cannot say which are free. */
  next(): Promise<number>;
}

/** Producer ids from blocks that the metadata store keeps account of. A block that a stop cuts short is not used again. */
export class BlockProducerIds implements ProducerIds {
  readonly #store: MetadataStore;
  readonly #random: Random;
  #nextId = 0;
  #endId = 0;
  #taking: Promise<void> | undefined;

  constructor(store: MetadataStore, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  async next(): Promise<number> {
    // Whoever waits behind the others may find the block used up again.
    while (this.#nextId >= this.#endId) {
      this.#taking ??= this.#takeBlock().finally(() => {
        this.#taking = undefined;
      });
      await this.#taking;
    }
    return this.#nextId++;
  }

  async #takeBlock(): Promise<void> {
    for (;;) {
      const { entries } = await this.#store.read(PRODUCER_IDS_KEY);
      const entry = entries.find(({ key }) => key === PRODUCER_IDS_KEY);
      const first =
        entry === undefined ? 0 : readRecord(PRODUCER_IDS_KEY, entry.value, producerIdsFormat).nextProducerId;
      const end = first + BLOCK_LENGTH;
      if (end > Number.MAX_SAFE_INTEGER) throw new Error('there are no producer ids left');
      const value = writeRecord({ nextProducerId: end, allocation: this.#random.uuid() });
      const { status } = await commitSurely(this.#store, {
        conditions: [{ key: PRODUCER_IDS_KEY, modRevision: entry?.modRevision ?? 0 }],
        operations: [{ type: 'put', key: PRODUCER_IDS_KEY, value }],
      });
      if (status === 'conflict') continue;
      this.#nextId = first;
      this.#endId = end;
      return;
    }
  }
}
