// AlterConfigs v0-v2 (KIP-133): replaces all overrides of a resource by those given. v2: flexible.
import { AlterConfigs } from '@ks/protocol';
import { handler } from './handler.ts';
import { alterConfigs as alter } from './shared/alter-configs.ts';
import { changesStoredConfigs } from './shared/config-resources.ts';

export const alterConfigs = handler(
  AlterConfigs,
  { byController: changesStoredConfigs },
  async (broker, request, context) => {
    const asked = request.resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      alterations: configs.map(({ name, value }) => ({ name, operation: 'set' as const, value })),
    }));
    const { validateOnly } = request;
    const responses = await alter(broker, context, asked, { replaces: true, validateOnly });
    return { throttleTimeMs: 0, responses: [...responses] };
  },
);
