import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';
import { exitCodeOf, renderError, toCliError } from './to-cli-error.ts';

describe('errors', () => {
  test('Kafka codes have exit codes of their own', () => {
    expect(exitCodeOf(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)).toBe(ExitCode.NOT_FOUND);
    expect(exitCodeOf(ErrorCode.TOPIC_AUTHORIZATION_FAILED)).toBe(ExitCode.DENIED);
    expect(exitCodeOf(ErrorCode.NETWORK_EXCEPTION)).toBe(ExitCode.UNREACHABLE);
    expect(exitCodeOf(ErrorCode.INVALID_CONFIG)).toBe(ExitCode.ERROR);
  });
  test('name the code and what to try; the stack only when verbose', () => {
    const coded = Object.assign(new Error('topic "x" not found'), {
      code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      retriable: true,
      name: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    const error = toCliError(coded);
    expect(renderError(error, false)).toBe(
      'error: topic "x" not found\ncode: UNKNOWN_TOPIC_OR_PARTITION\ntry: ks topics list\n',
    );
    expect(renderError(error, true)).toContain('errors.test.ts');
  });
  test('usage errors of the parser exit with 2, what is no error is still told', () => {
    expect(toCliError(Object.assign(new Error('Missing 1 required arg'), { oclif: { exit: 2 } })).exitCode).toBe(
      ExitCode.USAGE,
    );
    expect(toCliError('plain').message).toBe('plain');
    const own = new CliError('own');
    expect(toCliError(own)).toBe(own);
  });
});
