/** What the process answers to a script: cli.md, section 4. A reader that went away (EPIPE) is no error. */
export const ExitCode = {
  OK: 0,
  /** An error, or any one item of several failed. */
  ERROR: 1,
  USAGE: 2,
  DENIED: 4,
  NOT_FOUND: 5,
  /** Timed out, or no broker could be reached. */
  UNREACHABLE: 6,
  UNHEALTHY: 10,
  INTERRUPTED: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
