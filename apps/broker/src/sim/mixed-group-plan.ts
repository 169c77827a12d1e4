import { createPrng } from './prng.ts';

export type MigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional';

/** What the group of one world is like that members of both protocols may share. */
export interface MixedGroupPlan {
  readonly memberCount: number;
  /** group.consumer.migration.policy of the broker. */
  readonly policy: MigrationPolicy;
  /** Whether members of the classic protocol keep what they have while they rebalance (KIP-429). */
  readonly isCooperative: boolean;
  /** How likely a member begins with the classic protocol. */
  readonly classicChance: number;
  /** Whether the world has hardly anything else to do. */
  readonly isAlone: boolean;
  /** How likely a program has an instance id (KIP-345). */
  readonly staticChance: number;
}

/** Sets this part of a world apart from the rest: worlds without such a group stay as they were. */
const SALT = 0x5eed_6b5;

/** The mixed group of the world of a seed; undefined where it has none. */
export function mixedGroupPlan(seed: number): MixedGroupPlan | undefined {
  const random = createPrng((seed ^ SALT) >>> 0);
  if (!random.chance(0.4)) return undefined;
  const policies: readonly MigrationPolicy[] = ['disabled', 'upgrade', 'downgrade'];
  return {
    memberCount: 2 + random.int(4),
    policy: random.chance(0.6) ? 'bidirectional' : (policies[random.int(policies.length)] ?? 'bidirectional'),
    isCooperative: random.chance(0.5),
    // Now and then only one of the protocols.
    classicChance: [0, 0.5, 0.5, 0.5, 0.7, 1][random.int(6)] ?? 0.5,
    isAlone: random.chance(0.7),
    staticChance: [0, 0.4, 0.4, 0.8][random.int(4)] ?? 0.4,
  };
}
