import { DescribeDelegationToken } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { type DelegationToken, type Principal, principalBody, tokenOf } from './delegation-token.ts';
import { throwIfFailed } from './items.ts';

/** The tokens that the caller may see: those of these owners, or of all. */
export function describeDelegationTokens(
  cluster: Cluster,
  owners: readonly Principal[] | undefined,
  { signal }: AdminOptions,
): Promise<DelegationToken[]> {
  return cluster.retrying(
    async () => {
      const body = { owners: owners?.map(principalBody) ?? null };
      const answer = await cluster.callAny(DescribeDelegationToken, body, { signal });
      throwIfFailed(answer);
      return answer.tokens.map((token) => ({
        ...tokenOf(token),
        renewers: token.renewers.map(({ principalType: type, principalName: name }) => ({ type, name })),
        issuedAtMs: token.issueTimestamp,
        expiresAtMs: token.expiryTimestamp,
        maxExpiresAtMs: token.maxTimestamp,
      }));
    },
    { signal },
  );
}
