import { ListTransactions } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: string;
  readonly coordinatorId: number;
}

export interface ListTransactionsOptions extends AdminOptions {
  /** Default: all. */
  readonly states?: readonly string[] | undefined;
  readonly producerIds?: readonly number[] | undefined;
  /** Only those open for longer than this (KIP-994). */
  readonly openForMs?: number | undefined;
  /** Only ids that match, an RE2 expression (KIP-1152). */
  readonly transactionalIdPattern?: string | undefined;
}

const DURATION_SINCE = 1;
const PATTERN_SINCE = 2;

/** The transactional ids of all coordinators (KIP-664). Rejects with INVALID_ARGUMENT for a state that brokers do not know. */
export async function listTransactions(
  cluster: Cluster,
  options: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  const { signal, openForMs, transactionalIdPattern } = options;
  await cluster.retrying(() => cluster.refresh([], signal), { signal });
  const body = (version: number) => ({
    stateFilters: [...(options.states ?? [])],
    producerIdFilters: [...(options.producerIds ?? [])],
    ...(version >= DURATION_SINCE ? { durationFilter: openForMs ?? -1 } : {}),
    ...(version >= PATTERN_SINCE ? { transactionalIdPattern: transactionalIdPattern ?? null } : {}),
  });
  const atLeast = transactionalIdPattern !== undefined ? PATTERN_SINCE : openForMs !== undefined ? DURATION_SINCE : 0;
  const listAt = async (coordinatorId: number): Promise<TransactionListing[]> => {
    const answer = await cluster.callBroker(coordinatorId, ListTransactions, body, { signal, atLeast });
    throwIfFailed(answer);
    if (answer.unknownStateFilters.length > 0) {
      const message = `brokers know no transactions that are ${answer.unknownStateFilters.join(', ')}`;
      throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
    }
    return answer.transactionStates.map(({ transactionalId, producerId, transactionState: state }) => {
      return { transactionalId, producerId, state, coordinatorId };
    });
  };
  const brokers = [...cluster.view.brokers.keys()];
  const listed = await Promise.all(brokers.map((id) => cluster.retrying(() => listAt(id), { signal })));
  return listed.flat().toSorted((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
}
