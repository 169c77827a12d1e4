import { MetadataStoreError, type MetadataStoreErrorKind } from '../ports/metadata-store.ts';

/** Parts of etcd's messages, which are all that tells one error from another. */
const kinds: readonly (readonly [string, MetadataStoreErrorKind, string])[] = [
  ['requested lease not found', 'lease-not-found', 'the lease has ended'],
  ['required revision has been compacted', 'compacted', 'the revision is forgotten'],
  ['required revision is a future revision', 'invalid', 'the revision is still to come'],
  [
    'database space exceeded',
    'no-space',
    'its quota is used up: compact, defragment and disarm the alarm (docs/operations.md)',
  ],
  ['too many operations in txn', 'invalid', 'the transaction is too long (--max-txn-ops)'],
  ['request is too large', 'invalid', 'the transaction is too large (--max-request-bytes)'],
  ['duplicate key given in txn', 'invalid', 'a transaction writes one key twice'],
  ['permission denied', 'io', 'the user may not read and write the prefix'],
  ['authentication failed', 'io', 'user or password are wrong'],
  ['user name is empty', 'io', 'it asks for a user: set metadata.store.user'],
  ['authentication is not enabled', 'io', 'it knows no users: unset metadata.store.user'],
];

/** The port's error for whatever etcd, its client or the network said. What is not known to be final may pass. */
export function etcdError(store: string, error: unknown): MetadataStoreError {
  if (error instanceof MetadataStoreError) return error;
  const message = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
  if (error instanceof TypeError || error instanceof RangeError) {
    return new MetadataStoreError('io', `the metadata store ${store} failed (${message})`, error);
  }
  const known = kinds.find(([part]) => message.includes(part));
  if (known === undefined) {
    return new MetadataStoreError('unavailable', `the metadata store ${store} cannot be reached (${message})`, error);
  }
  const [, kind, explanation] = known;
  return new MetadataStoreError(kind, `the metadata store ${store}: ${explanation} (${message})`, error);
}
