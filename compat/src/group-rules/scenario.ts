import type { GroupAsker } from './asker.ts';

/** Writes down what was asked and told. */
export type Tell = (asked: string, ...told: readonly string[]) => void;

/** Requests about groups in an order that clients may bring them in. Each scenario has groups of its own. */
export interface Scenario {
  readonly name: string;
  /** `other` asks over a connection of its own: a request that waits holds up those behind it. */
  run(asker: GroupAsker, tell: Tell, other: GroupAsker): Promise<void>;
}
