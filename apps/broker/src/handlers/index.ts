import { apiVersions } from './api-versions.ts';
import { fetch } from './fetch.ts';
import type { Handler } from './handler.ts';
import { listOffsets } from './list-offsets.ts';
import { produce } from './produce.ts';

/** Every API this broker answers: what dispatch looks up and what ApiVersions tells. */
export const handlers: readonly Handler[] = [produce, fetch, listOffsets, apiVersions];
