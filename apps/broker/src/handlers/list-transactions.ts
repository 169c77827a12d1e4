import { ListTransactions } from '@ks/protocol';
import { transactionStateOfName } from '../core/transaction/transaction-state.ts';
import { handler } from './handler.ts';

// ListTransactions v0-v1 (KIP-664). v1: only those that began longer ago than so many milliseconds (KIP-994).
export const listTransactions = handler(ListTransactions, { versions: [0, 1] }, async (broker, request, context) => {
  const unknownStateFilters = request.stateFilters.filter((name) => transactionStateOfName(name) === undefined);
  const states = request.stateFilters.map(transactionStateOfName).filter((state) => state !== undefined);
  const { errorCode, transactions } = await broker.transactions.listTransactions({
    states,
    producerIds: request.producerIdFilters,
    longerThanMs: request.durationFilter,
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
