import type { MetadataStore, StoreTransaction } from '../ports/metadata-store.ts';

/** The outcome of a commit whose answer is known. */
export type SureResult = { readonly status: 'ok'; readonly revision: number } | { readonly status: 'conflict' };

/** How often an answer may be lost before the transaction is given up as a conflict: the caller then decides anew. */
const LOST_ANSWERS_MAX = 10;

/**
 * Commits, and where the answer is lost reads back what became of it. The transaction's first put must tell it from all others
 * (a new topic id, a higher epoch), and its conditions must not hold once it is applied.
 * @throws MetadataStoreError
 */
export async function commitSurely(store: MetadataStore, transaction: StoreTransaction): Promise<SureResult> {
  for (let lost = 0; lost < LOST_ANSWERS_MAX; lost++) {
    const result = await store.commit(transaction);
    if (result.status === 'ok') return result;
    if (result.status === 'conflict' && lost === 0) return result;
    const applied = await appliedRevision(store, transaction);
    if (applied !== undefined) return { status: 'ok', revision: applied };
    if (result.status === 'conflict') return result;
  }
  return { status: 'conflict' };
}

/**
 * Commits one after the other up to the first that is not `ok`; then what the earlier ones put is taken back, unless it was
 * written anew meanwhile. The revision is the last one's. Their first condition must be on the writer itself. @throws MetadataStoreError
 */
export async function commitInOrder(
  store: MetadataStore,
  transactions: readonly StoreTransaction[],
): Promise<SureResult> {
  const undo: StoreTransaction[] = [];
  let result: SureResult = { status: 'conflict' };
  for (const transaction of transactions) {
    result = await commitSurely(store, transaction);
    if (result.status === 'conflict') {
      for (const each of undo) await commitStubbornly(store, each);
      return result;
    }
    undo.push(undoing(transaction, result.revision));
  }
  return result;
}

/** A conflict of these is no one's who matters: the keys are known to this writer alone, or the writer is deposed. */
async function commitStubbornly(store: MetadataStore, transaction: StoreTransaction): Promise<void> {
  for (let attempt = 0; attempt < LOST_ANSWERS_MAX; attempt++) {
    if ((await commitSurely(store, transaction)).status === 'ok') return;
  }
}

function undoing({ conditions, operations }: StoreTransaction, modRevision: number): StoreTransaction {
  const keys = operations.filter((operation) => operation.type === 'put').map((operation) => operation.key);
  return {
    conditions: [...conditions.slice(0, 1), ...keys.map((key) => ({ key, modRevision }))],
    operations: keys.map((key) => ({ type: 'delete', key })),
  };
}

/** The revision at which the transaction was applied, undefined where it was not (or was overwritten since). */
async function appliedRevision(store: MetadataStore, transaction: StoreTransaction): Promise<number | undefined> {
  const operation = transaction.operations.find((each) => each.type === 'put') ?? transaction.operations[0];
  if (operation === undefined) return undefined;
  const { entries, revision } = await store.read(operation.key);
  const entry = entries.find((each) => each.key === operation.key);
  if (operation.type === 'delete') return entry === undefined ? revision : undefined;
  return entry?.value === operation.value ? entry.modRevision : undefined;
}
