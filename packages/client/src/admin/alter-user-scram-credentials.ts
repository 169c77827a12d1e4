import { AlterUserScramCredentials } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { Crypto } from '../ports/crypto.ts';
import type { ScramOptions } from '../security/sasl-options.ts';
import { hashOf, MAX_ITERATIONS, MIN_ITERATIONS } from '../security/scram.ts';
import type { AdminOptions } from './admin-options.ts';
import { type ItemOutcome, outcomeOf, settleEach } from './items.ts';

export type ScramMechanism = ScramOptions['mechanism'];

/** As brokers number them. */
export const scramMechanismIds: Readonly<Record<ScramMechanism, number>> = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 };

const DEFAULT_ITERATIONS = 4096;
const SALT_BYTES = 24;

/** A password that a user shall have for a mechanism, or, without one, shall have no more. */
export interface ScramCredentialChange {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  /** Undefined: the user's credential for this mechanism is deleted. */
  readonly password?: string | undefined;
  /** How expensive it is to guess. Default and minimum: 4096. */
  readonly iterations?: number | undefined;
}

/** Sets and deletes SCRAM credentials (KIP-554). The password itself does not leave this process. */
export async function alterUserScramCredentials(
  cluster: Cluster,
  crypto: Crypto,
  changes: readonly ScramCredentialChange[],
  options: AdminOptions,
): Promise<void> {
  const prepared = await Promise.all(changes.map((change) => preparedOf(change, crypto)));
  await settleEach(
    cluster,
    prepared,
    async (some) => {
      const outcomes = new Map<Prepared, ItemOutcome<undefined>>();
      for (const round of rounds(some)) {
        const deletions = round.flatMap((one) => ('saltedPassword' in one ? [] : [one]));
        const upsertions = round.flatMap((one) => ('saltedPassword' in one ? [one] : []));
        const call = { signal: options.signal };
        const { results } = await cluster.callController(AlterUserScramCredentials, { deletions, upsertions }, call);
        for (const one of round) {
          const result = results.find(({ user }) => user === one.name);
          outcomes.set(
            one,
            outcomeOf(result, () => undefined),
          );
        }
      }
      return some.flatMap((one) => outcomes.get(one) ?? []);
    },
    { ...options, label: ({ name }) => name },
  );
}

type Deletion = { readonly name: string; readonly mechanism: number };
type Upsertion = Deletion & {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly saltedPassword: Uint8Array;
};

type Prepared = Deletion | Upsertion;

/** A request may change each user once. */
function rounds(changes: readonly Prepared[]): Prepared[][] {
  const found: Prepared[][] = [];
  for (const change of changes) {
    const round = found.find((others) => others.every(({ name }) => name !== change.name));
    if (round === undefined) found.push([change]);
    else round.push(change);
  }
  return found;
}

async function preparedOf(change: ScramCredentialChange, crypto: Crypto): Promise<Prepared> {
  const { user: name, mechanism, password, iterations = DEFAULT_ITERATIONS } = change;
  const deletion = { name, mechanism: scramMechanismIds[mechanism] };
  if (password === undefined) return deletion;
  if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    const message = `iterations must be a whole number from ${MIN_ITERATIONS} to ${MAX_ITERATIONS}, not ${iterations}`;
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
  }
  const salt = Buffer.from(crypto.randomText(SALT_BYTES));
  const saltedPassword = await crypto.pbkdf2(hashOf[mechanism], Buffer.from(password), salt, iterations);
  return { ...deletion, iterations, salt, saltedPassword };
}
