import type { Core } from '@ks/core-wasm';
import type { Clock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { Files } from '../ports/files.ts';
import type { Logger } from '../ports/logger.ts';
import type { Random } from '../ports/random.ts';
import type { FileHandles } from './file-handles.ts';
import type { TailMemory } from './tail-memory.ts';

/** What all logs of a shard share. */
export interface LogEnvironment {
  readonly files: Files;
  /** Open files of all logs, bounded. */
  readonly handles: FileHandles;
  readonly clock: Clock;
  readonly random: Random;
  readonly core: Core;
  readonly codec: Codec;
  /** Where appended bytes live. */
  readonly memory: TailMemory;
  readonly logger: Logger;
}
