import type { Mutation } from './mutations.ts';

/** Bugs that the simulation of a cluster has to find: each breaks a promise that some checker holds the brokers to. */
export const clusterMutations: readonly Mutation[] = [
  {
    name: 'acks=all is answered before the followers have the batch',
    file: 'runtime/append-path.ts',
    find: '(isAll ? replica.committed : replica.written).add(',
    replace: '(isAll ? replica.written : replica.written).add(',
    finding: /in sync in \S+ and ends at|is at \d+ already|nothing comes after/,
    seed: 1,
  },
  {
    name: 'the high watermark waits for the smaller ISR while one is being written',
    file: 'core/partition/in-sync-replicas.ts',
    find: 'const counted = new Set([...this.#isr, ...(this.#pending ?? [])]);',
    replace:
      'const counted = new Set(this.#pending && this.#pending.length < this.#isr.length ? this.#pending : this.#isr);',
    finding: /in sync in \S+ and ends at|batch \d+ is at|nothing comes after/,
    seed: 5,
  },
  {
    name: 'a follower cuts its log at its high watermark',
    file: 'runtime/followed-partition.ts',
    find: 'const offset = truncationOffset(diverging, log.endOffsetForEpoch(diverging.epoch), log.logEndOffset);',
    replace:
      'truncationOffset(diverging, log.endOffsetForEpoch(diverging.epoch), log.logEndOffset); const offset = highWatermark;',
    finding: /in sync in \S+ and ends at|batch \d+ is at|nothing comes after/,
    seed: 8,
  },
  {
    name: 'a leader compares the end offset of a follower alone, not the epoch',
    file: 'core/partition/divergence.ts',
    find: 'if (end.leaderEpoch < lastFetchedEpoch || end.endOffset < fetchOffset) {',
    replace: 'if (end.endOffset < fetchOffset) {',
    finding: /the replicas differ|the replicas of \S+ and \S+ differ|batch \d+ is at/,
    seed: 37,
  },
  {
    name: 'a checkpoint is not flushed',
    file: 'storage/checkpoint.ts',
    find: 'return files.writeFileAtomically(path, encoder.encode(text));',
    replace: `return files.open(path, 'create').then(async (file) => {
    await file.write([encoder.encode(text)], 0);
    await file.truncate(encoder.encode(text).length);
    await file.close();
  });`,
    finding: /the replicas .*differ|is at \d+ already|could not start|in sync in \S+ and ends at|batch \d+ is at/,
    seed: 5,
  },
  {
    name: 'who was elected controller once writes on',
    file: 'core/controller/transactions.ts',
    find: 'return { key: CONTROLLER_KEY, createRevision: image.controllerEpoch };',
    replace: 'return { key: CONTROLLER_KEY.repeat(image.controllerEpoch > 0 ? 2 : 1), createRevision: 0 };',
    finding: /is not the controller|neither the controller nor the leader/,
    seed: 7,
  },
  {
    name: 'the controller writes partitions without comparing their revision',
    file: 'core/controller/transactions.ts',
    find: '...group.map(({ key, modRevision }) => ({ key, modRevision })),',
    replace: '',
    finding: /which it cannot have seen/,
    seed: 3,
  },
  {
    name: 'a fetch of an earlier incarnation counts for the one that lives',
    file: 'core/partition/followers.ts',
    find: "return brokerEpoch < Math.max(0, state.brokerEpoch, live.get(brokerId) ?? 0) ? 'stale' : 'replica';",
    replace: "return brokerEpoch < 0 ? 'stale' : 'replica';",
    alsoIn: [
      {
        file: 'core/partition/in-sync-replicas.ts',
        find: 'return epoch !== undefined && epoch === this.#followers.get(id)?.brokerEpoch;',
        replace: 'return epoch !== undefined;',
      },
    ],
    finding: /in sync in \S+ and ends at|batch \d+ is at|nothing comes after/,
    seed: 28,
  },
  {
    name: 'a broker that stopped uncleanly stays in the ISR',
    file: 'core/metadata/lives.ts',
    find: 'return modRevision < (uncleanBirth && !fenced ? brokerEpoch : uncleanEpoch);',
    replace: 'return modRevision < (uncleanBirth && !fenced ? brokerEpoch : uncleanEpoch) && modRevision < 0;',
    finding: /in sync in \S+ and ends at|batch \d+ is at|nothing comes after/,
    seed: 9,
  },
];
