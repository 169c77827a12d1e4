import { DescribeUserScramCredentials, ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { scramMechanismIds, type ScramMechanism } from './alter-user-scram-credentials.ts';
import { outcomeOf, settleEach, throwIfFailed } from './items.ts';

/** What a user can authenticate with; no secret is ever told. */
export interface UserScramCredentials {
  readonly user: string;
  readonly credentials: readonly { readonly mechanism: ScramMechanism | 'unknown'; readonly iterations: number }[];
}

const mechanisms = new Map(
  Object.entries(scramMechanismIds).map(([name, id]) => [id, name as ScramMechanism] as const),
);

/** SCRAM credentials of users (KIP-554), or of all. Rejects with RESOURCE_NOT_FOUND for a user who has none. */
export async function describeUserScramCredentials(
  cluster: Cluster,
  users: readonly string[] | undefined,
  options: AdminOptions,
): Promise<UserScramCredentials[]> {
  const { signal } = options;
  const ask = async (names: readonly string[] | undefined) => {
    const body = { users: names?.map((name) => ({ name })) ?? null };
    const answer = await cluster.callAny(DescribeUserScramCredentials, body, { signal });
    throwIfFailed(answer);
    return answer.results;
  };
  if (users === undefined) {
    const all = await cluster.retrying(() => ask(undefined), { signal });
    return all.filter(({ errorCode }) => errorCode === ErrorCode.NONE).map(described);
  }
  return settleEach(
    cluster,
    users,
    async (some) => {
      const results = await ask(some);
      return some.map((name) => {
        const result = results.find(({ user }) => user === name);
        return outcomeOf(result, () => (result === undefined ? { user: name, credentials: [] } : described(result)));
      });
    },
    { ...options, label: (name) => name },
  );
}

function described(result: {
  readonly user: string;
  readonly credentialInfos: readonly { readonly mechanism: number; readonly iterations: number }[];
}): UserScramCredentials {
  return {
    user: result.user,
    credentials: result.credentialInfos.map(({ mechanism, iterations }) => ({
      mechanism: mechanisms.get(mechanism) ?? 'unknown',
      iterations,
    })),
  };
}
