import { ErrorCode } from '@ks/protocol';
import type { TransactionCommand } from './commands.ts';
import { partitionsReply, producerError, type TransactionReply } from './replies.ts';

/** The reply to a command that the log or the runtime refused with `errorCode`. */
export function refusedReply(command: TransactionCommand, errorCode: number): TransactionReply {
  const told = coordinatorError(errorCode);
  switch (command.type) {
    case 'init-producer-id':
    case 'end':
      return producerError(told);
    case 'add-partitions':
    case 'verify-partitions':
      return partitionsReply(command.partitions, () => told);
    case 'describe':
      return { type: 'describe', errorCode: told, transaction: undefined };
    case 'list':
      return { type: 'list', errorCode: told, transactions: [] };
    case 'expire':
      return { type: 'expire', errorCode: told, more: false };
    default:
      return { type: 'status', errorCode: told };
  }
}

/** What a client of the coordinator is told of an error of its log. */
function coordinatorError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}
