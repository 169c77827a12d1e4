/** One piece of the broker's source, and what takes its place. */
export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  /** Occurs exactly once in the file. Where the source has moved on, give the piece its new form. */
  readonly find: string;
  readonly replace: string;
}

/** A bug to be planted. */
export interface Mutation extends Edit {
  /** What the broker then does. */
  readonly name: string;
  /** Where the bug is more than one line. */
  readonly alsoIn?: readonly Edit[];
  /** What the checkers must say of it. */
  readonly finding: RegExp;
  /** Where the search begins: a seed that has found it. Any other may, too, but takes longer to come to. */
  readonly seed?: number;
}

/** Bugs that the simulation has to find: each breaks a promise that some checker holds the broker to. */
export const mutations: readonly Mutation[] = [
  {
    name: 'a write is taken for done when it has only begun',
    file: 'storage/log-writer.ts',
    find: 'await this.#handles.use(segment.logPath, (file) => file.write(held.views, from), true);',
    replace: 'void this.#handles.use(segment.logPath, (file) => file.write(held.views, from), true);',
    finding:
      /after a (kill|power-cut) the log ends at|the high watermark went back|bad checksum|nobody listened|an error was logged/,
  },
  {
    name: 'flush.messages=1 is answered before the fsync has returned',
    file: 'core/partition/partition.ts',
    find: 'this.#settings.flushEveryMessage ? this.#flushedEndOffset : this.#logEndOffset',
    replace: 'this.#logEndOffset',
    finding: /after a power-cut the log ends at|lost by a power cut/,
  },
  {
    name: 'the recovery point names what was not synced',
    file: 'storage/log-directory.ts',
    find: '(log) => log.prepareCheckpoint(), flushed)',
    replace: 'async (log) => log.logEndOffset)',
    finding: /after a power-cut the log ends at|an error was logged: a partition cannot be opened/,
    seed: 13,
  },
  {
    name: 'fsync of a log file is skipped',
    file: 'storage/segment-files.ts',
    find: 'await handles.use(segment.logPath, (file) => file.sync());',
    replace: '',
    finding: /after a power-cut the log ends at|lost by a power cut|an error was logged/,
  },
  {
    name: 'recovery takes a torn end for a batch',
    file: 'storage/log-loader.ts',
    find: 'verifyChecksums: !cleanShutdown,',
    replace: 'verifyChecksums: false,',
    finding: /bad checksum|cannot be|nobody sent|left a part of the batch/,
  },
  {
    name: 'recovery leaves a torn end in the file',
    file: 'storage/log-loader.ts',
    find: 'if (isCut) await file.truncate(result.validBytes);',
    replace: '',
    finding: /a power cut had taken it|the log ended at|after a|cannot be read|bad checksum|an error was logged/,
  },
  {
    name: 'readers get what lies beyond the high watermark',
    file: 'runtime/fetch-path.ts',
    find: 'const end = readableEnd(target);',
    replace: 'readableEnd(target); const end = replica.log.logEndOffset;',
    finding: /under the (high watermark|last stable offset)/,
  },
  {
    name: 'answers leave in the order in which they are ready',
    file: 'server/response-queue.ts',
    find: 'slot.isDone = true;',
    replace: 'slot.isDone = true; this.#slots.sort((a, b) => Number(b.isDone) - Number(a.isDone));',
    finding: /order of answers|cannot be decoded/,
  },
  {
    name: 'memory is given back before its bytes have left',
    file: 'server/outbox.ts',
    find: 'this.#releases.push(() => part.release());\n    this.#shift();',
    replace: 'part.release();\n    this.#shift();',
    finding: /bad checksum|nobody sent|cannot be/,
  },
  {
    name: 'what a lost connection was to be sent is never given back',
    file: 'server/response-queue.ts',
    find: 'for (const { answer } of this.#slots) if (answer) releaseSendables(answer);',
    replace: '',
    finding: /a stop left behind/,
  },
  {
    name: 'a new life leads under the old epoch',
    file: 'core/controller/elections.ts',
    find: 'reborn ? partition.leaderEpoch + 1',
    replace: 'reborn ? partition.leaderEpoch',
    finding: /a new life leads under epoch|is not served/,
  },
  {
    name: 'a repeated batch is appended once more',
    file: 'storage/producer-judge.ts',
    find: "if (duplicate !== undefined) return { type: 'duplicate', batch: duplicate };",
    replace: 'if (duplicate !== undefined) return undefined;',
    finding: /it is at \d+ already|: sequence \d+ at/,
  },
  {
    name: 'a producer snapshot is not read at a start',
    file: 'storage/producer-recovery.ts',
    find: 'state.load(entries);',
    replace: 'void entries;',
    finding: /it is at \d+ already|: sequence \d+|met error|shows a/,
  },
  {
    name: 'a committed offset is acknowledged before it is written',
    file: 'runtime/coordinator-log.ts',
    find: 'acks: -1,',
    replace: 'acks: 0,',
    finding: /was acknowledged, then|a new life|comes after|shows an? /,
    seed: 103,
  },
  {
    name: 'what the transaction coordinator promises is not on disk yet',
    file: 'runtime/topic-admin-rules.ts',
    find: "{ name: 'flush.messages', value: '1' },",
    replace: '',
    finding: /is given epoch \d+ of producer|has no end|stays open/,
  },
  {
    name: 'readers of committed records get what open transactions wrote',
    file: 'runtime/fetch-target.ts',
    find: 'isCommittedOnly ? replica.lastStableOffset : replica.highWatermark',
    replace: 'replica.highWatermark',
    finding: /under the last stable offset|shows a commit/,
  },
  {
    name: 'readers are not told of aborted transactions',
    file: 'runtime/fetch-target.ts',
    find: 'replica.log.producers.abortedTransactions(asked.fetchOffset, nextOffset)',
    replace: '[]',
    finding: /which is aborted, shows a commit/,
  },
  {
    name: 'every second marker says commit',
    file: 'runtime/transaction-markers.ts',
    find: '...{ producerId, producerEpoch, committed, coordinatorEpoch },',
    replace: '...{ producerId, producerEpoch, committed: committed || producerEpoch % 2 === 0, coordinatorEpoch },',
    finding: /which is aborted, shows a commit/,
  },
  {
    name: 'compaction takes the newest record of a key, too',
    file: 'storage/cleaner-rules.ts',
    find: 'return offset >= map.latest(',
    replace: 'return offset > map.latest(',
    finding: /the newest record of key/,
  },
  {
    name: 'a session reads on where it was, not where its reader asks',
    file: 'core/fetch-session/session.ts',
    find: 'else cached.move(position);',
    replace: 'else cached.move(cached.position);',
    finding: /a fetch from \d+ begins with/,
  },
  {
    name: 'a session tells of records only where the high watermark has moved',
    file: 'core/fetch-session/session.ts',
    find: 'answer.sizeBytes > 0 ||',
    replace: '',
    finding: /fetches in a session leave it out|a stop left behind/,
    seed: 21,
  },
  {
    name: 'deleted records are forgotten in memory alone',
    file: 'runtime/record-deletion.ts',
    find: 'directory.checkpointLogStarts().catch(() => void failed.add(directory))',
    replace: 'Promise.resolve(directory)',
    finding: /was deleted/,
  },
  {
    name: 'a deletion stops at the start of the batch',
    file: 'storage/log.ts',
    find: 'this.#state.logStartOffset = Math.min(offset, this.#state.logEndOffset);',
    replace: 'this.#state.logStartOffset = Math.max(this.#state.logStartOffset, offset - 3);',
    finding: /left a log from|nothing comes after/,
  },
  {
    name: 'records are deleted as far as a client says',
    file: 'runtime/record-deletion.ts',
    find: 'if (offset < 0 || offset > replica.highWatermark)',
    replace: 'if (offset < 0)',
    finding: /was done|for no reason/,
  },
  {
    name: 'nobody looks at the checksum of what a producer sends',
    file: 'storage/record-validator.ts',
    find: 'if (!isBatchCrcValid(batch, 0, core)) {',
    replace: 'if (batch.length === 0) {',
    finding: /broken batch \d+ was taken|bad checksum|it was refused/,
  },
  {
    name: 'a request may claim any size',
    file: 'server/frame-reader.ts',
    find: 'if (size > frameBytesMax) {',
    replace: 'if (size > 2 ** 31) {',
    finding: /did not end the connection/,
    seed: 31,
  },
  {
    name: 'a member is given what another has not given up yet',
    file: 'core/group/reconcile.ts',
    find: 'if (!isOwn && !input.isFree(topicId, partition)) {',
    replace: 'if (!isOwn && !input.isFree(topicId, partition) && partition === 999) {',
    finding: /is given to \S+ while \S+ has it/,
  },
  {
    name: 'who has left a consumer group commits all the same',
    file: 'core/group/consumer-commit.ts',
    find: 'if (member === undefined) return refuse(ErrorCode.UNKNOWN_MEMBER_ID);',
    replace: 'if (member === undefined) return commit(command, config, now);',
    finding: /has left and committed|is out and committed|committed what another member has/,
  },
  {
    name: 'members of a consumer group are forgotten at once',
    file: 'core/group/consumer-heartbeat.ts',
    find: "draft.arm('consumer-session', sessionTimeoutMs, memberId);",
    replace: "draft.arm('consumer-session', sessionTimeoutMs / 10, memberId);",
    finding: /is unknown before its time was over|is given to \S+ while \S+ has it/,
  },
  {
    name: 'compaction keeps the records of aborted transactions in place of those before them',
    file: 'storage/cleaner-map-builder.ts',
    find: 'else if (!transactions.isAborted(batch) && batch.recordsCount > 0)',
    replace: 'else if ((transactions.isAborted(batch) || true) && batch.recordsCount > 0)',
    finding: /the newest record of key/,
  },
  {
    name: 'a downgrade gives classic members their targets, whatever they still have',
    file: 'core/group/downgrade.ts',
    find: 'assignmentBytes(heldBy(group, member.memberId), image, version)',
    replace: 'assignmentBytes(heldBy === undefined ? new Map() : group.target(member.memberId), image, version)',
    finding: /is given to \S.* while .* has it/,
    seed: 131,
  },
  {
    name: 'an upgrade forgets what classic members have',
    file: 'core/group/upgrade.ts',
    find: 'assigned: underEpoch(assigned, group.generationId),',
    replace: 'assigned: underEpoch(new Map(), group.generationId),',
    finding: /is given to \S.* while .* has it|the commit went back/,
    seed: 15,
  },
  {
    name: 'groups are upgraded whatever the policy says',
    file: 'core/group/upgrade.ts',
    find: "if (migrationPolicy !== 'upgrade' && migrationPolicy !== 'bidirectional') return refuse(",
    replace: 'if (migrationPolicy === undefined) return refuse(',
    finding: /against the policy|though migration is disabled/,
    seed: 175,
  },
  {
    name: 'a group of classic members alone stays a consumer group',
    file: 'core/group/downgrade.ts',
    find: 'for (const { classic } of group.members()) if (classic === null) return false;',
    replace: 'if (group.size > 0) return false;',
    finding: /waits in vain/,
    seed: 28,
  },
  {
    name: 'a static member that leaves for a while loses its partitions at once',
    file: 'core/group/consumer-leave.ts',
    find: 'assigned: underEpoch(member.assigned, 0),',
    replace: 'assigned: NOTHING_ASSIGNED,',
    finding: /is given to \S.* while .* has it/,
    seed: 80,
  },
  {
    name: 'a classic static member that comes back gets nothing',
    file: 'core/group/static-member.ts',
    find: '    ...saidBy(command),\n    memberId: command.newMemberId,',
    replace: '    ...saidBy(command),\n    assignment: new Uint8Array(0),\n    memberId: command.newMemberId,',
    finding: /in generation \d+, and is told/,
    seed: 3,
  },
  {
    name: 'who is out of a classic group commits all the same',
    file: 'core/group/commit.ts',
    find: 'const errorCode = generationFault(group, command);',
    replace: 'const errorCode: number = generationFault === undefined ? 1 : ErrorCode.NONE;',
    finding: /the commit went back|is out and committed|of the past generation/,
  },
];
