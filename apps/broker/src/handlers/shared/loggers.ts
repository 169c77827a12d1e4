import { ErrorCode } from '@ks/protocol';
import type { ConfigEntry } from '../../config/config-entry.ts';
import type { ConfigAlteration } from '../../core/controller/config-changes.ts';
import { type Logger, type LogLevelName, logLevels } from '../../ports/logger.ts';

/** The one logger that ks has: all lines follow its level. */
const ROOT = 'root';

/** How a change of loggers is answered. */
export interface LoggersAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** The broker's loggers for DescribeConfigs. */
export function describeLoggers({ level }: Logger): readonly ConfigEntry[] {
  if (level === undefined) return [];
  const source = 'DYNAMIC_BROKER_LOGGER_CONFIG';
  return [
    {
      ...{ name: ROOT, value: level.get(), type: undefined, source, sourceInForce: source },
      ...{ readOnly: false, sensitive: false, documentation: null, synonyms: [] },
    },
  ];
}

/** Changes levels: all that is asked for, or nothing. An undefined alteration is an operation that Kafka does not know. */
export function alterLoggers(
  { level }: Logger,
  alterations: readonly (ConfigAlteration | undefined)[],
  validateOnly: boolean,
): LoggersAnswer {
  for (const alteration of alterations) {
    const fault = faultOf(alteration, level !== undefined);
    if (fault !== undefined) return fault;
  }
  const last = alterations.at(-1)?.value;
  if (!validateOnly && isLevel(last)) level?.set(last);
  return { errorCode: ErrorCode.NONE, errorMessage: null };
}

function faultOf(alteration: ConfigAlteration | undefined, hasRoot: boolean): LoggersAnswer | undefined {
  const refused = (errorCode: number, errorMessage: string): LoggersAnswer => ({ errorCode, errorMessage });
  if (alteration === undefined || alteration.operation === 'append' || alteration.operation === 'subtract') {
    return refused(ErrorCode.INVALID_REQUEST, 'the operations on loggers are 0 set and 1 delete');
  }
  const { name, operation, value } = alteration;
  if (name !== ROOT || !hasRoot) return refused(ErrorCode.INVALID_CONFIG, `there is no logger ${name}`);
  if (operation === 'delete') return refused(ErrorCode.INVALID_REQUEST, 'the root logger always has a level');
  if (isLevel(value)) return undefined;
  return refused(ErrorCode.INVALID_CONFIG, `${value} is no level; allowed: ${levelsToSet.join(', ')}`);
}

const levelsToSet = logLevels.filter((level) => level !== 'OFF');

function isLevel(value: string | null | undefined): value is LogLevelName {
  return levelsToSet.some((level) => level === value);
}
