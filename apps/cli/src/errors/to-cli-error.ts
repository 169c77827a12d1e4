import { styleText } from 'node:util';
import { ErrorCode } from '@ks/protocol';
import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';

const denied: readonly number[] = [
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.SASL_AUTHENTICATION_FAILED,
];
const notFound: readonly number[] = [
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.GROUP_ID_NOT_FOUND,
];
const unreachable: readonly number[] = [
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.BROKER_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
];

/** What a client's error has, whichever copy of its class threw it. */
interface CodedError extends Error {
  readonly code: number;
  readonly retriable: boolean;
}

function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'retriable' in error;
}

/** The exit code that a Kafka error code means to a script. */
export function exitCodeOf(code: number): ExitCode {
  if (denied.includes(code)) return ExitCode.DENIED;
  if (notFound.includes(code)) return ExitCode.NOT_FOUND;
  return unreachable.includes(code) ? ExitCode.UNREACHABLE : ExitCode.ERROR;
}

/**
 * Anything thrown, as an error that a person can read. What Kafka says names the cluster, `place`. `usage` errors of the argument
 * parser exit with 2.
 */
export function toCliError(error: unknown, place?: string): CliError {
  if (error instanceof CliError) return error;
  if (isCoded(error)) {
    const exitCode = exitCodeOf(error.code);
    const hint = hintFor(error.code, exitCode);
    return new CliError(withPlace(error.message, place), {
      exitCode,
      code: error.name,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (error instanceof Error) {
    const usage = 'oclif' in error;
    return new CliError(error.message, { exitCode: usage ? ExitCode.USAGE : ExitCode.ERROR, cause: error });
  }
  return new CliError(String(error));
}

function hintFor(code: number, exitCode: ExitCode): string | undefined {
  if (code === ErrorCode.GROUP_ID_NOT_FOUND) return 'ks groups list';
  if (exitCode === ExitCode.NOT_FOUND) return 'ks topics list';
  return exitCode === ExitCode.UNREACHABLE ? 'is a broker running? ks start; another address: -b host:port' : undefined;
}

function withPlace(message: string, place: string | undefined): string {
  return place === undefined || message.includes(place) ? message : `${message.replace(/\.$/, '')}, on ${place}`;
}

/** The lines of an error for stderr: what, which code, what to try; the stack only where asked for. Red where `stream` shows colors. */
export function renderError(error: CliError, verbose: boolean, stream?: NodeJS.WriteStream): string {
  const lines = [`${label('error:', stream)} ${error.message}`];
  if (error.code !== undefined) lines.push(`code: ${error.code}`);
  if (error.hint !== undefined) lines.push(`try: ${error.hint}`);
  if (verbose && error.cause instanceof Error && error.cause.stack !== undefined) lines.push(error.cause.stack);
  return `${lines.join('\n')}\n`;
}

/** NO_COLOR, FORCE_COLOR and what the terminal can do are `styleText`'s business. */
function label(text: string, stream: NodeJS.WriteStream | undefined): string {
  return stream === undefined ? text : styleText('red', text, { stream, validateStream: true });
}

/** The error as one line of JSON, for callers that asked for JSON. */
export function renderErrorJson({ message, code, hint, exitCode }: CliError): string {
  return `${JSON.stringify({ error: message, code, try: hint, exitCode })}\n`;
}
