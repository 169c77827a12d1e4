export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log lines: facts in `fields`, one clear sentence in `message`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
  /** Which lines are written, for it and all its children; undefined where that cannot be changed. */
  readonly level?: ChangeableLevel;
}

/** Kafka's names of levels, the most talkative first. */
export const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'] as const;
export type LogLevelName = (typeof logLevels)[number];

/** The level of a logger, changed while it is in use. */
export interface ChangeableLevel {
  get(): LogLevelName;
  set(level: LogLevelName): void;
}
