import type { LoadOptions } from './loads/load.ts';

/**
 * The shapes of load that a broker is held to, each with about the bytes of `base`: acknowledgements, record sizes, partitions, codecs,
 * idempotent and (where the client has them) transactional producers.
 */
export function matrix(base: LoadOptions, hasTransactions: boolean): readonly LoadOptions[] {
  const bytes = base.records * base.recordBytes;
  const small = { ...base, recordBytes: 100, records: Math.round(bytes / 100 / 2) };
  const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
  return [
    base,
    { ...base, acks: -1 },
    small,
    { ...small, acks: -1 },
    { ...base, partitions: 100 },
    { ...base, partitions: 100, acks: -1 },
    ...codecs.map((compression) => ({ ...base, compression })),
    { ...base, acks: -1, delivery: 'idempotent' as const },
    ...(hasTransactions ? [{ ...base, acks: -1 as const, delivery: 'transactional' as const }] : []),
  ];
}

/** Those of `loads` that `numbers` names, counted from 1 (`1,3,5`); all where it is empty. A matrix may be measured in pieces. */
export function chosen(loads: readonly LoadOptions[], numbers: string): readonly LoadOptions[] {
  if (numbers === '') return loads;
  return numbers.split(',').map((number) => {
    const load = loads[Number(number) - 1];
    if (load === undefined) throw new Error(`the matrix has loads 1 to ${loads.length}, not ${number}`);
    return load;
  });
}
