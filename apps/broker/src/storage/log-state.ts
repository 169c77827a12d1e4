import type { LogConfig } from './log-config.ts';

/** Where a log is and how far it reaches: shared by those who each do one of its operations. */
export interface LogState {
  config: LogConfig;
  directory: string;
  logStartOffset: number;
  /** Exclusive end of what the files have. */
  logEndOffset: number;
}
