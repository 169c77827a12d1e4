/** The states of a transaction by the number they have in `__transaction_state`. */
export const transactionStateCodes = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
  Dead: 6,
  PrepareEpochFence: 7,
} as const;

/**
 * Where a transactional id stands.
 * - `Empty`: a producer has its id and epoch, no transaction has begun.
 * - `Ongoing`: partitions take part.
 * - `PrepareCommit`, `PrepareAbort`: the outcome is in the log and will not change; markers are being written.
 * - `CompleteCommit`, `CompleteAbort`: every partition has its marker.
 * - `Dead`, `PrepareEpochFence`: in Kafka's format, never in a log: ks forgets and fences in one step.
 */
export type TransactionState = keyof typeof transactionStateCodes;

const statesByCode: ReadonlyMap<number, TransactionState> = new Map(
  (Object.keys(transactionStateCodes) as TransactionState[]).map((state) => [transactionStateCodes[state], state]),
);

/** The state of that name; undefined where there is none (a client's filter). */
export function transactionStateOfName(name: string): TransactionState | undefined {
  return Object.hasOwn(transactionStateCodes, name) ? (name as TransactionState) : undefined;
}

/** The state of that number; undefined where a newer release wrote it. */
export function transactionStateOfCode(code: number): TransactionState | undefined {
  return statesByCode.get(code);
}

/** Where a transactional id may go from each state. A commit and an abort never lead to one another. */
const legalTransitions: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  // KIP-890: a client that does not know whether anything was added may abort what has not begun.
  Empty: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence'],
  PrepareCommit: ['PrepareCommit', 'CompleteCommit'],
  PrepareAbort: ['PrepareAbort', 'CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  Dead: [],
  PrepareEpochFence: ['PrepareAbort'],
};

export function isLegalTransition(from: TransactionState, to: TransactionState): boolean {
  return legalTransitions[from].includes(to);
}

/** Whether the outcome is decided and markers are still to be written. */
export function isPrepared(state: TransactionState): state is 'PrepareCommit' | 'PrepareAbort' {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}

/** Whether nothing is open: what may be re-initialised, begun anew or forgotten. */
export function isSettled(state: TransactionState): boolean {
  return state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort';
}
