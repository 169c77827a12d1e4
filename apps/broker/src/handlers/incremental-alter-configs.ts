// IncrementalAlterConfigs v0-v1 (KIP-339). v1: flexible.
import { IncrementalAlterConfigs } from '@ks/protocol';
import type { ConfigAlteration } from '../core/controller/config-changes.ts';
import { handler } from './handler.ts';
import { alterConfigs } from './shared/alter-configs.ts';
import { changesStoredConfigs } from './shared/config-resources.ts';

/** By the protocol's numbers. */
const operations: readonly ConfigAlteration['operation'][] = ['set', 'delete', 'append', 'subtract'];

export const incrementalAlterConfigs = handler(
  IncrementalAlterConfigs,
  { byController: changesStoredConfigs },
  async (broker, request, context) => {
    const asked = request.resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      alterations: configs.map(({ name, configOperation, value }) => {
        const operation = operations[configOperation];
        return operation && { name, operation, value };
      }),
    }));
    const { validateOnly } = request;
    const responses = await alterConfigs(broker, context, asked, { replaces: false, validateOnly });
    return { throttleTimeMs: 0, responses: [...responses] };
  },
);
