import { CreateDelegationToken } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { type DelegationToken, OWNERS_SINCE, type Principal, principalBody, tokenOf } from './delegation-token.ts';
import { throwIfFailed } from './items.ts';

export interface NewDelegationToken extends AdminOptions {
  /** Default: the caller. */
  readonly owner?: Principal | undefined;
  /** Who may renew it besides its owner. */
  readonly renewers?: readonly Principal[] | undefined;
  /** Default: what the broker allows at most. */
  readonly maxLifetimeMs?: number | undefined;
}

/** Makes a token. Rejects with DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED (without SASL or mutual TLS). */
export function createDelegationToken(cluster: Cluster, options: NewDelegationToken): Promise<DelegationToken> {
  const { owner, renewers = [], maxLifetimeMs = -1, signal } = options;
  return cluster.retrying(
    async () => {
      const answer = await cluster.callController(
        CreateDelegationToken,
        (version) => ({
          ...(version >= OWNERS_SINCE
            ? {
                ownerPrincipalType: owner === undefined ? null : principalBody(owner).principalType,
                ownerPrincipalName: owner?.name ?? null,
              }
            : {}),
          renewers: renewers.map(principalBody),
          maxLifetimeMs,
        }),
        { signal, atLeast: owner === undefined ? 0 : OWNERS_SINCE },
      );
      throwIfFailed(answer);
      return {
        ...tokenOf(answer),
        renewers,
        issuedAtMs: answer.issueTimestampMs,
        expiresAtMs: answer.expiryTimestampMs,
        maxExpiresAtMs: answer.maxTimestampMs,
      };
    },
    { signal },
  );
}
