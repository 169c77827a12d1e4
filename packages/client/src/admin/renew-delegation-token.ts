import { RenewDelegationToken } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** Prolongs a token by this long, or by what the broker likes (-1), and gives its new end in milliseconds since the epoch. */
export function renewDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  renewPeriodMs: number,
  { signal }: AdminOptions,
): Promise<number> {
  return cluster.retrying(
    async () => {
      const answer = await cluster.callController(RenewDelegationToken, { hmac, renewPeriodMs }, { signal });
      throwIfFailed(answer);
      return answer.expiryTimestampMs;
    },
    { signal },
  );
}
