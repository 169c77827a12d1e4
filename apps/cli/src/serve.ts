import process from 'node:process';
import { CliError } from './errors/cli-error.ts';
import { Interruption } from './interruption.ts';

/** What was started and is stopped in order. */
export interface Served {
  stop(): Promise<void>;
}

/** Tells that the server cannot go on. */
export type Failed = (error: Error) => void;

/**
 * Runs a server in the foreground: starts it, tells with `ready`, and stops it in order on SIGINT or SIGTERM, which is a
 * success. A second signal ends the process at once. Rejects when it cannot start, which `describe` explains, or fails later.
 */
export async function serve<T extends Served>(
  start: (failed: Failed) => Promise<T>,
  ready: (served: T) => void,
  describe: (error: unknown) => string | undefined,
): Promise<void> {
  using interruption = new Interruption();
  const failure = Promise.withResolvers<void>();
  const served = await start((error) => failure.reject(error)).catch((error: unknown) => {
    throw startError(error, describe);
  });
  try {
    if (!interruption.signal.aborted) {
      ready(served);
      const interrupted = new Promise<void>((resolve) =>
        interruption.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([interrupted, failure.promise]);
    }
  } finally {
    // What a stop waits for is timed by timers that do not keep the process alive, its sockets are closed.
    const alive = setInterval(() => undefined, 60_000);
    await served.stop().finally(() => clearInterval(alive));
  }
  // Sockets of clients and timers of libraries must not keep a stopped server's process.
  process.exit(0);
}

function startError(error: unknown, describe: (error: unknown) => string | undefined): unknown {
  const said = describe(error);
  return said === undefined ? error : new CliError(said, { cause: error });
}
