import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Config, Errors, flush, run } from '@oclif/core';
import { commandFirst } from './command-first.ts';
import { commandNotFound } from './errors/command-not-found.ts';
import { ExitCode } from './errors/exit-codes.ts';
import { reportError } from './errors/report-error.ts';
import { packageJson, rootPath } from './package-json.ts';
import { asksForSettings, settingKeysText } from './settings/setting-keys.ts';

enableCompileCache();

// A reader that has seen enough (`| head -1`) is no error. Nor is it one when nobody listens to what is only said.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.OK);
  throw error;
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const argv = commandFirst(process.argv.slice(2));
// Before anything is printed: errors of the parser have colors too.
if (argv.includes('--no-color')) process.env['NO_COLOR'] = '1';
try {
  if (asksForSettings(argv)) process.stdout.write(settingKeysText());
  else {
    const config = await Config.load({ root: fileURLToPath(rootPath), pjson: packageJson() });
    try {
      await run(argv, config);
    } catch (error) {
      throw commandNotFound(error, argv, config.commands) ?? error;
    }
    await flush();
  }
} catch (error) {
  if (error instanceof Errors.ExitError) process.exitCode = error.oclif.exit ?? ExitCode.OK;
  else reportError(error, argv);
}
