// CreateAcls v1-v3. Without an authorizer nothing could be made of an entry.
import { CreateAcls } from '@ks/protocol';
import { handler } from './handler.ts';
import { noAuthorizer } from './shared/no-authorizer.ts';

export const createAcls = handler(CreateAcls, {}, (_broker, request) => ({
  throttleTimeMs: 0,
  results: request.creations.map(() => noAuthorizer),
}));
