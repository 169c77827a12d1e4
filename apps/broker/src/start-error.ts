import { ConfigError } from './config/broker-config.ts';
import { MetadataRecordError } from './core/metadata/value-format.ts';
import { FilesError } from './ports/files.ts';
import { MetadataStoreError } from './ports/metadata-store.ts';
import { RegistrationError } from './runtime/broker-registration.ts';

/** A broker cannot start for a reason its operator can mend; the message is one line for a person. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }
}

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'that needs more rights (ports below 1024)',
  ENOTFOUND: 'the host name is unknown',
};

/** What to say where an address, which `key` configures, could not be had. */
export function listenError(key: string, address: string, error: unknown): StartError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = listenFaults[code] ?? (error instanceof Error ? error.message : String(error));
  return new StartError(`${key}: cannot listen on ${address}: ${reason}`, error);
}

/** The one line that says why a start failed, or undefined where only the stack can tell. */
export function describeStartError(error: unknown): string | undefined {
  if (error instanceof StartError || error instanceof ConfigError || error instanceof RegistrationError) {
    return error.message;
  }
  if (error instanceof FilesError) {
    return error.kind === 'locked'
      ? `log.dirs: ${error.path.replace(/\/\.lock$/, '')} is in use by another broker`
      : `log.dirs: ${error.message}`;
  }
  if (error instanceof MetadataStoreError || error instanceof MetadataRecordError) return error.message;
  return undefined;
}
