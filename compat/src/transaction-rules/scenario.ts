import type { Asker, Producer } from './asker.ts';

/** Writes down what was asked and told. */
export type Tell = (asked: string, ...told: readonly string[]) => void;

/** Requests about transactions in an order that a client may bring them in. Each scenario has transactional ids of its own. */
export interface Scenario {
  readonly name: string;
  run(asker: Asker, tell: Tell): Promise<void>;
}

/** The producer in another epoch, of another producer id, of another transactional id. */
export const at = (producer: Producer, epoch: number): Producer => ({ ...producer, epoch });
export const other = (producer: Producer): Producer => ({ ...producer, producerId: producer.producerId + 10_000 });
export const named = (producer: Producer, id: string): Producer => ({ ...producer, id });
