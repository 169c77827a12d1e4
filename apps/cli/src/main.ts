import process from 'node:process';
import { Config, Errors, flush, run } from '@oclif/core';
import { renderError, toCliError } from './errors/to-cli-error.ts';
import { ExitCode } from './errors/exit-codes.ts';

// A reader that has seen enough (`| head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.OK);
  throw error;
});

try {
  const config = await Config.load(import.meta.url);
  await run(process.argv.slice(2), config);
  await flush();
} catch (error) {
  if (error instanceof Errors.ExitError) process.exitCode = error.oclif.exit ?? ExitCode.OK;
  else {
    const shown = toCliError(error);
    process.stderr.write(renderError(shown, false));
    process.exitCode = shown.exitCode;
  }
}
