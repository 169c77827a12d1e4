import type { LogAppender } from './log-appender.ts';
import type { LogCleaning } from './log-cleaning.ts';
import type { LogGuard } from './log-guard.ts';
import type { LogParts } from './log-parts.ts';
import type { LogState } from './log-state.ts';
import { cutLog, restartLog } from './log-truncation.ts';
import type { LogUpkeep } from './log-upkeep.ts';

export interface LogCutsParts {
  readonly parts: LogParts;
  readonly state: LogState;
  readonly guard: LogGuard;
  readonly appender: LogAppender;
  readonly cleaning: LogCleaning;
  readonly upkeep: LogUpkeep;
  /** The end was cut off, and perhaps what was compacted: settles when no checkpoint says otherwise. */
  readonly cut: (isCleanedCut: boolean) => Promise<void>;
}

/** Takes a log's end off: what a follower has to do with records that its leader does not have. */
export class LogCuts {
  readonly #of: LogCutsParts;

  constructor(of: LogCutsParts) {
    this.#of = of;
  }

  /** Drops everything from `offset` on, the batch that holds it included. */
  truncateTo(offset: number): Promise<void> {
    const { parts, state, appender, upkeep } = this.#of;
    return this.#cut(async () => {
      if (offset >= appender.appendedEndOffset) {
        // An epoch that began here and never got a record must not be claimed any more.
        parts.epochs.truncateFromEnd(offset);
        return upkeep.saveEpochs();
      }
      if (offset < parts.segments.first.baseOffset) return this.#restart(offset);
      const endOffset = await cutLog(parts, state.directory, offset, state.config.indexIntervalBytes);
      this.#setEnds(endOffset);
      parts.flusher.truncateTo(endOffset);
      await upkeep.saveEpochs();
    });
  }

  /** Drops everything and goes on at `offset`. */
  restartAt(offset: number): Promise<void> {
    return this.#cut(() => this.#restart(offset));
  }

  async #restart(offset: number): Promise<void> {
    const { parts, state, upkeep } = this.#of;
    await restartLog(parts, state.directory, offset);
    state.logStartOffset = offset;
    this.#setEnds(offset);
    parts.flusher.restartAt(offset);
    await upkeep.saveEpochs();
  }

  #setEnds(endOffset: number): void {
    const { state, appender } = this.#of;
    appender.appendedEndOffset = endOffset;
    state.logEndOffset = endOffset;
    state.logStartOffset = Math.min(state.logStartOffset, endOffset);
  }

  /** Runs a truncation with writes and syncs at rest. */
  #cut(action: () => Promise<void>): Promise<void> {
    const { parts, guard, appender, cleaning, cut: told } = this.#of;
    const cut = async () => {
      await parts.writer.drained();
      await parts.flusher.idle();
      guard.requireUsable();
      await action();
      await told(cleaning.cutTo(appender.appendedEndOffset));
    };
    return cleaning.paused(() => guard.cutting(cut));
  }
}
