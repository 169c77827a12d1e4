import { ErrorCode } from '@ks/protocol';
import { choose, type Stage } from './actor.ts';
import type { ProgramClient } from './program-client.ts';

/** A partition's or a coordinator's way to say: later. */
const RETRIABLE: readonly number[] = [
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
];
/** Those of them after which nothing was done. */
const SURE: readonly number[] = [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS];
export const TRIES_MAX = 20;

/** Whether the answer is: later. */
export function isLater(errorCode: number): boolean {
  return RETRIABLE.includes(errorCode);
}

/** Whether nothing was done where this is the answer. */
export function isSure(errorCode: number): boolean {
  return SURE.includes(errorCode) || !RETRIABLE.includes(errorCode);
}

/** Asks again while the answer is to come later, or none comes; whether it was yes in the end. */
export async function askUntil(
  { sleep, random, history }: Stage,
  client: ProgramClient,
  ask: () => Promise<number | undefined>,
  what: string,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (client.isConnected || (await client.connect())) {
      const errorCode = await ask();
      history.count(`${what}: ${errorCode}`);
      if (errorCode === 0) return true;
      if (errorCode !== undefined && !isLater(errorCode)) return false;
    }
    await sleep(
      20 +
        random.fraction() *
          choose(random, [
            [1, 50],
            [1, 300],
          ]),
    );
  }
  return false;
}
