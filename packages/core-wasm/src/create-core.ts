import type { Core, CoreOptions } from './core.ts';
import { createReferenceCore } from './reference.ts';

/** Creates a core with memory of its own. */
export function createCore(options: CoreOptions = {}): Core {
  return createReferenceCore(options.memoryBytes ?? 0);
}
