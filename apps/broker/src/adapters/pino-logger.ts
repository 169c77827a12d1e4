import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { type ChangeableLevel, type Logger, type LogLevelName, logLevels } from '../ports/logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface PinoLoggerOptions {
  readonly level?: LogLevel;
  /** Where the lines go; default: standard output, written at once so that nothing is lost at the process's end. */
  readonly destination?: DestinationStream;
}

/** Structured log lines, one JSON object each: `level`, `time` (ISO 8601), the fields, `msg`. */
export function createPinoLogger(options: PinoLoggerOptions = {}): Logger {
  const level = options.level ?? 'info';
  const settings = {
    // What is written is decided here for all children at once; pino would have each of them told.
    level: 'trace',
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  const threshold = new Threshold(level === 'silent' ? 'OFF' : namesOf[level]);
  return wrap(pino(settings, options.destination ?? pino.destination({ dest: 1, sync: true })), threshold);
}

const namesOf = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
const [DEBUG, INFO, WARN, ERROR] = [rankOf('DEBUG'), rankOf('INFO'), rankOf('WARN'), rankOf('ERROR')];

function rankOf(level: LogLevelName): number {
  return logLevels.indexOf(level);
}

/** The least level that is written. */
class Threshold implements ChangeableLevel {
  rank: number;

  constructor(level: LogLevelName) {
    this.rank = rankOf(level);
  }
  get(): LogLevelName {
    return logLevels[this.rank] ?? 'OFF';
  }
  set(level: LogLevelName): void {
    this.rank = rankOf(level);
  }
}

function wrap(logger: PinoLogger, threshold: Threshold): Logger {
  return {
    debug: (fields, message) => void (threshold.rank <= DEBUG && logger.debug(fields, message)),
    info: (fields, message) => void (threshold.rank <= INFO && logger.info(fields, message)),
    warn: (fields, message) => void (threshold.rank <= WARN && logger.warn(fields, message)),
    error: (fields, message) => void (threshold.rank <= ERROR && logger.error(fields, message)),
    child: (fields) => wrap(logger.child(fields), threshold),
    level: threshold,
  };
}
