// DeleteAcls v1-v3. Without an authorizer there are no entries to delete.
import { DeleteAcls } from '@ks/protocol';
import { handler } from './handler.ts';
import { noAuthorizer } from './shared/no-authorizer.ts';

export const deleteAcls = handler(DeleteAcls, {}, (_broker, request) => ({
  throttleTimeMs: 0,
  filterResults: request.filters.map(() => ({ ...noAuthorizer, matchingAcls: [] })),
}));
