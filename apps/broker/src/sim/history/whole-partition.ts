import type { Attempt } from './attempt.ts';
import type { PartitionHistory } from './partition-history.ts';
import type { TransactionHistory } from './transaction-history.ts';

// What can be said of a partition after it was read from its start to its end.

/** Each producer's batches follow each other by their sequences, without a gap and without a repetition. */
export function checkSequences(partition: PartitionHistory, violate: (what: string) => void): void {
  if (partition.traits.isCompacted) return;
  const next = new Map<string, number>();
  for (const { attempt, baseOffset } of partition.placed()) {
    if (attempt.producer === undefined || baseOffset < partition.logStartOffset) continue;
    const { producerId, producerEpoch, sequence } = attempt.producer;
    const key = `${producerId} ${producerEpoch}`;
    const expected = next.get(key) ?? sequence;
    if (sequence !== expected) violate(`producer ${key}: sequence ${sequence} at ${baseOffset}, not ${expected}`);
    next.set(key, sequence + attempt.count);
  }
}

/** Every transaction has ended here, as it has elsewhere. */
export function checkTransactions(
  partition: PartitionHistory,
  transactions: TransactionHistory,
  violate: (what: string) => void,
): void {
  const open = new Map<number, Attempt[]>();
  const ends = [...partition.markers].map(([offset, marker]) => ({ offset, marker, attempt: undefined }));
  const batches = partition
    .placed()
    .map(({ baseOffset, attempt }) => ({ offset: baseOffset, marker: undefined, attempt }));
  for (const { offset, marker, attempt } of [...ends, ...batches].sort((a, b) => a.offset - b.offset)) {
    if (offset < partition.logStartOffset) continue;
    if (attempt?.transaction !== undefined) {
      const { producerId } = attempt.transaction;
      open.set(producerId, [...(open.get(producerId) ?? []), attempt]);
    }
    if (marker === undefined) continue;
    for (const { transaction } of open.get(marker.producerId) ?? []) {
      if (transaction !== undefined) transactions.shows(transaction, marker.type, partition.name);
    }
    open.delete(marker.producerId);
  }
  for (const [producerId, [first]] of open) {
    if (transactions.isLeft(first?.transaction)) continue;
    violate(`the transaction of producer ${producerId} that began at ${first?.baseOffset} has no end`);
  }
}
