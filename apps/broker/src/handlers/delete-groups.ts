import { DeleteGroups, ErrorCode, errorByCode } from '@ks/protocol';
import { handler } from './handler.ts';

// DeleteGroups v0-v3. v3: error messages. Only empty groups go; their offsets with them.
export const deleteGroups = handler(DeleteGroups, {}, async (broker, request, context) => {
  const deleting = request.groupsNames.map(async (groupId) => {
    if (!context.authorize('DELETE', 'GROUP', groupId))
      return { groupId, ...told(ErrorCode.GROUP_AUTHORIZATION_FAILED) };
    const { errorCode } = await broker.groups.deleteGroup(groupId);
    return { groupId, ...told(errorCode) };
  });
  return { throttleTimeMs: 0, results: await Promise.all(deleting) };
});

function told(errorCode: number): { readonly errorCode: number; readonly errorMessage: string | null } {
  return { errorCode, errorMessage: errorCode === ErrorCode.NONE ? null : errorByCode(errorCode).message };
}
