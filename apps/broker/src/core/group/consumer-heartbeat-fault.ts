import { ErrorCode } from '@ks/protocol';
import type { ConsumerHeartbeatCommand } from './commands.ts';
import { JOIN_EPOCH, LEAVE_EPOCH, STATIC_LEAVE_EPOCH } from './consumer-member.ts';
import { type Fault, fault } from './fault.ts';
import type { ConsumerGroupConfig } from './group-config.ts';

/** What is wrong with a heartbeat whatever the group is like; undefined if nothing is. */
export function heartbeatFault(command: ConsumerHeartbeatCommand, config: ConsumerGroupConfig): Fault | undefined {
  const { serverAssignor } = command;
  const message = emptyField(command) ?? wrongEpochFields(command);
  if (message !== undefined) return fault(ErrorCode.INVALID_REQUEST, message);
  if (serverAssignor !== null && !config.assignors.includes(serverAssignor)) {
    return fault(
      ErrorCode.UNSUPPORTED_ASSIGNOR,
      `The assignor ${serverAssignor} is not one of this broker: ${config.assignors.join(', ')}`,
    );
  }
  return undefined;
}

function emptyField({ memberId, groupId, instanceId, rackId }: ConsumerHeartbeatCommand): string | undefined {
  if (memberId === '') return 'The member id must not be empty';
  if (groupId === '') return 'The group id must not be empty';
  if (instanceId === '') return 'The instance id must not be empty';
  if (rackId === '') return 'The rack id must not be empty';
  return undefined;
}

function wrongEpochFields(command: ConsumerHeartbeatCommand): string | undefined {
  const { memberEpoch, topicPartitions } = command;
  if (memberEpoch === JOIN_EPOCH) {
    if (command.rebalanceTimeoutMs === -1) return 'A joining member must give its rebalance time-out';
    if (topicPartitions === null || topicPartitions.size > 0)
      return 'A joining member must own no partitions, and say so';
    const subscribes = command.subscribedTopicNames !== null || command.subscribedTopicRegex !== null;
    return subscribes ? undefined : 'A joining member must subscribe, by names or by a regular expression';
  }
  if (memberEpoch === STATIC_LEAVE_EPOCH && command.instanceId === null) {
    return 'Only a member with an instance id can leave for a while';
  }
  return memberEpoch < STATIC_LEAVE_EPOCH || (memberEpoch === LEAVE_EPOCH && command.memberId === '')
    ? 'The member epoch is invalid'
    : undefined;
}
