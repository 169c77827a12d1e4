import { describe, test } from 'vitest';
import { canRunKafka } from './kafka/kafka-jars.ts';
import { haveKcat } from './kcat.ts';
import { havePython } from './python.ts';

/** Foreign programs that tests need beyond npm. */
export type Peer = 'kcat' | 'Kafka' | 'Python';

const present: Readonly<Record<Peer, boolean>> = { kcat: haveKcat, Kafka: canRunKafka, Python: havePython };
const underCi = process.env['CI'] === 'true';

/** Which of these are missing here. */
export const missing = (...peers: readonly Peer[]): readonly Peer[] => peers.filter((peer) => !present[peer]);

/** Under CI a missing peer is a failure, not a skip. */
const skips = (peers: readonly Peer[]): boolean => !underCi && missing(...peers).length > 0;

/** `test`, visibly skipped where a peer is missing; under CI it runs, and fails. */
export const testWith = (...peers: readonly Peer[]): ReturnType<typeof test.skipIf> => test.skipIf(skips(peers));

/** `describe` in the same way. */
export const describeWith = (...peers: readonly Peer[]): ReturnType<typeof describe.skipIf> =>
  describe.skipIf(skips(peers));

/**
 * For what is tried at Apache Kafka itself: its threads are done in an order of their own, and what it took is not seen at once everywhere.
 * A test that fails there is tried up to twice more, which the reporter shows. Tests of ks never are.
 */
export const triedAgain = { retry: 2 } as const;
