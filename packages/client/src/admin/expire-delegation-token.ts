import { ExpireDelegationToken } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** Has a token end after this long, or at once (-1), and gives its end in milliseconds since the epoch. */
export function expireDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  expiryTimePeriodMs: number,
  { signal }: AdminOptions,
): Promise<number> {
  return cluster.retrying(
    async () => {
      const answer = await cluster.callController(ExpireDelegationToken, { hmac, expiryTimePeriodMs }, { signal });
      throwIfFailed(answer);
      return answer.expiryTimestampMs;
    },
    { signal },
  );
}
