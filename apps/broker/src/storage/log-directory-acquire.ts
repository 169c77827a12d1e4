import type { Clock } from '../ports/clock.ts';
import { type Files, FilesError } from '../ports/files.ts';
import { LogDirectoryFiles } from './log-directory-files.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { MetaProperties } from './meta-properties.ts';
import { parentDirectory } from './parent-directory.ts';

/** A disk that says nothing for this long while a directory is made and locked counts as failed. */
const ACQUIRE_MS_MAX = 30_000;

type Lock = Awaited<ReturnType<Files['lock']>>;

/** A directory of `log.dirs` as a start finds it. */
export interface AcquiredDirectory {
  /** Undefined where the disk gave none. */
  readonly lock: Lock | undefined;
  readonly files: LogDirectoryFiles;
  readonly meta: Partial<MetaProperties>;
  readonly shutdown: { readonly isClean: boolean; readonly brokerEpoch: number };
  /** Why nothing of it can be used; the disk's fault. */
  readonly failure: Error | undefined;
}

/**
 * Makes the directory if absent, takes its `.lock` and reads its identity. A disk that refuses, or does not answer, makes a failed
 * directory. Rejects with `FilesError` `locked` where another broker has it.
 */
export async function acquireDirectory(path: string, environment: LogEnvironment): Promise<AcquiredDirectory> {
  const files = new LogDirectoryFiles(path, environment.files, environment.logger);
  let lock: Lock | undefined;
  try {
    lock = await lockInTime(path, environment);
    const [meta, shutdown] = [await files.readMeta(), await files.readCleanShutdown()];
    return { lock, files, meta, shutdown, failure: undefined };
  } catch (error) {
    await lock?.release();
    if (!(error instanceof FilesError) || error.kind === 'locked') throw error;
    return { lock: undefined, files, meta: {}, shutdown: { isClean: false, brokerEpoch: -1 }, failure: error };
  }
}

function lockInTime(path: string, { files, clock }: LogEnvironment): Promise<Lock> {
  const locking = makeAndLock(path, files);
  return answeredInTime(locking, path, clock, (late) => void late.release().catch(() => undefined));
}

async function makeAndLock(path: string, files: Files): Promise<Lock> {
  if (!(await files.exists(path))) {
    await files.makeDirectory(path);
    await files.syncDirectory(parentDirectory(path));
  }
  return files.lock(path);
}

/** What `action` gives; a failure where it takes too long, and `giveBack` for what comes after that. */
function answeredInTime<T>(action: Promise<T>, path: string, clock: Clock, giveBack: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = clock.setTimer(ACQUIRE_MS_MAX, () => {
      isLate = true;
      reject(new FilesError('io', path, `the disk did not answer for ${ACQUIRE_MS_MAX / 1000} s`));
    });
    const settle = (done: () => void): void => {
      timer.cancel();
      done();
    };
    action.then(
      (value) => (isLate ? giveBack(value) : settle(() => resolve(value))),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
