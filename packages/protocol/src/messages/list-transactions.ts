import { api } from '../schema/api.ts';
import { array, int16, int32, int64, string } from '../schema/field.ts';

/** Lists the transactions that a broker coordinates. */
export const ListTransactions = api({
  name: 'ListTransactions',
  key: 66,
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: int64.since(1).default(-1),
    transactionalIdPattern: string.nullable().since(2).default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({ transactionalId: string, producerId: int64, transactionState: string }),
  },
});
