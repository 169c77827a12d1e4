import { ErrorCode, ListTransactions } from '@ks/protocol';
import { transactionStateOfName } from '../core/transaction/transaction-state.ts';
import { handler } from './handler.ts';

// ListTransactions v0-v2 (KIP-664). v1: only those that began longer ago than so many milliseconds (KIP-994). v2: a pattern of ids (KIP-1152).
export const listTransactions = handler(ListTransactions, {}, async (broker, request, context) => {
  const unknownStateFilters = request.stateFilters.filter((name) => transactionStateOfName(name) === undefined);
  const states = request.stateFilters.map(transactionStateOfName).filter((state) => state !== undefined);
  // Filters that name no state at all let nothing through.
  if (request.stateFilters.length > 0 && states.length === 0) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, unknownStateFilters, transactionStates: [] };
  }
  const { errorCode, transactions } = await broker.transactions.listTransactions({
    states,
    producerIds: request.producerIdFilters,
    longerThanMs: request.durationFilter,
    transactionalIdPattern: request.transactionalIdPattern,
  });
  return {
    throttleTimeMs: 0,
    errorCode,
    unknownStateFilters,
    transactionStates: transactions
      .filter(({ transactionalId }) => context.authorize('DESCRIBE', 'TRANSACTIONAL_ID', transactionalId))
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, transactionState: state })),
  };
});
