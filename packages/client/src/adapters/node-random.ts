import type { Random } from '../ports/random.ts';

/** Chance that nobody's secrets depend on. */
export const nodeRandom: Random = {
  int: (bound) => Math.floor(Math.random() * bound),
};
