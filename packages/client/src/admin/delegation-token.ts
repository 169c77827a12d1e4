/** A user, as `{ type: 'User', name: 'alice' }`; `type` is `User` by default. */
export interface Principal {
  readonly type?: string | undefined;
  readonly name: string;
}

/** A token that stands for its owner: its id is the name, and its HMAC in base64 the password, of SCRAM (KIP-48). */
export interface DelegationToken {
  readonly tokenId: string;
  /** The secret. */
  readonly hmac: Uint8Array;
  readonly owner: Principal;
  /** Who asked for it; undefined where the broker is too old to say. */
  readonly requester: Principal | undefined;
  readonly renewers: readonly Principal[];
  /** Milliseconds since the epoch: when it was made, when it ends unless it is renewed, and when it ends in any case. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly maxExpiresAtMs: number;
}

export function principalBody({ type = 'User', name }: Principal) {
  return { principalType: type, principalName: name };
}

/** Owners other than the caller, and who asked, came with version 3 (KIP-373). */
export const OWNERS_SINCE = 3;

interface TokenAnswer {
  readonly tokenId: string;
  readonly hmac: Uint8Array;
  readonly principalType: string;
  readonly principalName: string;
  readonly tokenRequesterPrincipalType: string;
  readonly tokenRequesterPrincipalName: string;
}

/** What creating and describing tokens both tell. */
export function tokenOf(answer: TokenAnswer) {
  const { tokenId, hmac, tokenRequesterPrincipalType: type, tokenRequesterPrincipalName: name } = answer;
  return {
    tokenId,
    // Answers are views of a larger buffer, which must not be kept alive by a small token.
    hmac: hmac.slice(),
    owner: { type: answer.principalType, name: answer.principalName },
    requester: name === '' ? undefined : { type, name },
  };
}
