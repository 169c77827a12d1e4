import { errorByCode } from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';

/** Writes down what was asked and told. */
export type Tell = (asked: string, ...told: readonly unknown[]) => void;

/** Requests of readers and administrators in an order that a client may bring them in. */
export interface Scenario {
  readonly name: string;
  run(wire: Wire, tell: Tell): Promise<void>;
}

/** An error by its name. */
export const words = (errorCode: number | undefined): string => errorByCode(errorCode ?? Number.NaN).name;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Apache Kafka tells of a change before all of it is seen: asks until `isSeen`. */
export async function once<T>(ask: () => Promise<T>, isSeen: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask();
    if (isSeen(answer)) return answer;
    await sleep(20);
  }
  throw new Error('a change is never seen');
}
