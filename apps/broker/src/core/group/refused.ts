import { ErrorCode } from '@ks/protocol';
import type { GroupCommand } from './commands.ts';
import { commitError } from './commit.ts';
import { consumerDescribeError, consumerHeartbeatError, type GroupReply, joinError, syncError } from './replies.ts';

/** The reply to a command that the log or the runtime refused with `errorCode`. */
export function refusedReply(command: GroupCommand, errorCode: number): GroupReply {
  const told = groupError(errorCode);
  switch (command.type) {
    case 'join':
      return joinError(command.memberId, told);
    case 'sync':
      return syncError(told);
    case 'leave':
      return { type: 'leave', errorCode: told, members: [] };
    case 'commit':
    case 'transactional-commit':
      return commitError(command, isTooLarge(errorCode) ? ErrorCode.INVALID_COMMIT_OFFSET_SIZE : told);
    case 'fetch-offsets':
      return { type: 'fetch-offsets', errorCode: told, topics: [] };
    case 'delete-offsets':
      return { type: 'delete-offsets', errorCode: told, topics: [] };
    case 'list':
      return { type: 'list', errorCode: told, groups: [] };
    case 'describe': {
      const { groupId } = command;
      return {
        type: 'describe',
        errorCode: told,
        groupId,
        state: 'Dead',
        protocolType: '',
        protocolName: '',
        members: [],
      };
    }
    case 'consumer-heartbeat':
      return consumerHeartbeatError(told, null);
    case 'consumer-describe':
      return consumerDescribeError(command.groupId, told, null);
    case 'heartbeat':
      // While its group is read, a member only needs to know that it need not hurry.
      return { type: 'status', errorCode: told === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : told };
    default:
      return { type: 'status', errorCode: told };
  }
}

/** What a client of a group is told of an error of the log. */
function groupError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    default:
      return isTooLarge(errorCode) ? ErrorCode.UNKNOWN_SERVER_ERROR : errorCode;
  }
}

function isTooLarge(errorCode: number): boolean {
  return errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE;
}
