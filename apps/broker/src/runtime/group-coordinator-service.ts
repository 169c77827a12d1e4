import { type Codec, type CompressionType, ErrorCode } from '@ks/protocol';
import type { GroupCommand } from '../core/group/commands.ts';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import type { GroupConfig } from '../core/group/group-config.ts';
import type { GroupShard } from '../core/group/group-shard.ts';
import { refusedReply } from '../core/group/refused.ts';
import type { GroupReply, JoinReply, ListReply, StatusReply } from '../core/group/replies.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Random } from '../ports/random.ts';
import type {
  CommitRequest,
  ConsumerHeartbeatRequest,
  DeleteOffsetsRequest,
  FetchOffsetsRequest,
  FoundCoordinator,
  GroupCoordinatorHost,
  HeartbeatRequest,
  JoinRequest,
  LeaveRequest,
  SyncRequest,
  TransactionalOffsetsRequest,
} from './group-coordinator.ts';
import { locateCoordinator } from './coordinator-location.ts';
import { type DeletedTopic, DeletedTopics } from './deleted-topics.ts';
import type { EndMarker } from './coordinator-log.ts';
import type { GroupPosition } from './group-lag.ts';
import { type GroupPartition, openGroupPartition } from './group-partition.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { TopicAdmin } from './topic-admin.ts';

const TOPIC = '__consumer_offsets';

export interface GroupCoordinatorOptions {
  readonly config: GroupConfig;
  /** offsets.commit.timeout.ms */
  readonly commitTimeoutMs: number;
  /** offsets.load.buffer.size */
  readonly loadBufferBytes: number;
  /** offsets.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: number;
  readonly replicas: Pick<ReplicaManager, 'append' | 'partition'>;
  readonly controller: Pick<TopicAdmin, 'ensureInternalTopic'>;
  readonly image: () => ClusterImage;
  readonly checksum: { crc32c(bytes: Uint8Array, seed?: number): number };
  readonly codec: Codec;
  /** offsets.topic.compression.codec */
  readonly compressionType: CompressionType;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type ReplyOf<Type extends GroupReply['type']> = GroupReply & { readonly type: Type };

/** Routes each group to the runtime of its partition. */
export class GroupCoordinatorService implements GroupCoordinatorHost {
  readonly #options: GroupCoordinatorOptions;
  readonly #partitions = new Map<number, GroupPartition>();
  readonly #deleted: DeletedTopics;
  #expiryTimer: Timer | undefined;
  #stopped = false;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    this.#deleted = new DeletedTopics(3 * options.retentionCheckIntervalMs);
  }

  applyImage(previous: ClusterImage | undefined, next: ClusterImage): void {
    if (this.#stopped) return;
    const count = next.topicsByName.get(TOPIC)?.partitions.length ?? 0;
    for (const [index, partition] of this.#partitions) if (index >= count || !partition.isLed) this.#close(index);
    for (let index = 0; index < count; index++) this.#openIfLed(index);
    const gone = this.#deleted.note(previous, next, this.#options.clock.monotonicMs());
    for (const partition of this.#partitions.values()) this.#forgetTopics(partition, gone);
  }

  #openIfLed(index: number): void {
    const hosted = this.#options.replicas.partition(TOPIC, index);
    if (hosted === undefined || !hosted.isOpen || !hosted.isLeader || this.#partitions.has(index)) return;
    const partition = openGroupPartition(hosted, this.#options, () => {
      if (this.#partitions.get(index) === partition) this.#close(index);
    });
    this.#partitions.set(index, partition);
    // Those that went while nobody coordinated these groups.
    void partition.loaded.then(() => this.#forgetTopics(partition, this.#lately()));
  }

  #lately(): readonly DeletedTopic[] {
    return this.#deleted.lately(this.#options.clock.monotonicMs());
  }

  #close(index: number): void {
    this.#partitions.get(index)?.close();
    this.#partitions.delete(index);
  }

  #forgetTopics(partition: GroupPartition, topics: readonly DeletedTopic[]): void {
    if (topics.length === 0) return;
    for (const { groupId } of groupsOf(partition.shard())) {
      void partition.runtime.submit({ type: 'delete-topic-offsets', groupId, topics });
    }
  }

  start(): void {
    const { clock, retentionCheckIntervalMs } = this.#options;
    this.#expiryTimer = clock.setTimer(retentionCheckIntervalMs, () => {
      void this.#expireOffsets().then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  /** Group by group, so that no turn has much to do. */
  async #expireOffsets(): Promise<void> {
    for (const partition of [...this.#partitions.values()]) {
      // Again, for the log may not have taken it.
      this.#forgetTopics(partition, this.#lately());
      const { runtime, shard } = partition;
      for (const { groupId } of groupsOf(shard())) await runtime.submit({ type: 'expire-offsets', groupId });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#expiryTimer?.cancel();
    for (const index of [...this.#partitions.keys()]) this.#close(index);
  }

  *committedPositions(): Generator<GroupPosition, void, undefined> {
    for (const { shard } of this.#partitions.values()) {
      for (const [groupId, offsets] of shard().allOffsets()) {
        for (const [topic, partitions] of offsets.topics()) {
          for (const [partitionIndex, { offset }] of partitions) yield { groupId, topic, partitionIndex, offset };
        }
      }
    }
  }

  findCoordinator(groupId: string, listenerName: string): Promise<FoundCoordinator> {
    return locateCoordinator(TOPIC, groupId, listenerName, this.#options);
  }

  joinGroup(request: JoinRequest): Promise<JoinReply> {
    const newMemberId = `${request.groupInstanceId ?? request.clientId}-${this.#options.random.uuid()}`;
    return this.#submit({ type: 'join', newMemberId, ...request }, 'join');
  }
  syncGroup(request: SyncRequest): Promise<ReplyOf<'sync'>> {
    return this.#submit({ type: 'sync', ...request }, 'sync');
  }
  heartbeat(request: HeartbeatRequest): Promise<StatusReply> {
    return this.#submit({ type: 'heartbeat', ...request }, 'status');
  }
  leaveGroup(request: LeaveRequest): Promise<ReplyOf<'leave'>> {
    return this.#submit({ type: 'leave', ...request }, 'leave');
  }
  consumerHeartbeat(request: ConsumerHeartbeatRequest): Promise<ReplyOf<'consumer-heartbeat'>> {
    const { givesMemberId, ...command } = request;
    const isGiven = givesMemberId && request.memberId === '' && request.memberEpoch === 0;
    const memberId = isGiven ? this.#options.random.uuid() : request.memberId;
    return this.#submit({ type: 'consumer-heartbeat', ...command, memberId }, 'consumer-heartbeat');
  }
  describeConsumerGroup(groupId: string): Promise<ReplyOf<'consumer-describe'>> {
    return this.#submit({ type: 'consumer-describe', groupId }, 'consumer-describe');
  }
  commitOffsets(request: CommitRequest): Promise<ReplyOf<'commit'>> {
    return this.#submit({ type: 'commit', ...request }, 'commit');
  }
  commitTransactionalOffsets(request: TransactionalOffsetsRequest): Promise<ReplyOf<'commit'>> {
    return this.#submit({ type: 'transactional-commit', ...request }, 'commit');
  }
  markOffsets(partitionIndex: number, marker: EndMarker): Promise<number> {
    const partition = this.#partitions.get(partitionIndex);
    return partition?.runtime.writeMarker(marker) ?? Promise.resolve(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }
  fetchOffsets(request: FetchOffsetsRequest): Promise<ReplyOf<'fetch-offsets'>> {
    return this.#submit({ type: 'fetch-offsets', ...request }, 'fetch-offsets');
  }
  deleteOffsets(request: DeleteOffsetsRequest): Promise<ReplyOf<'delete-offsets'>> {
    return this.#submit({ type: 'delete-offsets', ...request }, 'delete-offsets');
  }
  describeGroup(groupId: string): Promise<ReplyOf<'describe'>> {
    return this.#submit({ type: 'describe', groupId }, 'describe');
  }
  deleteGroup(groupId: string): Promise<StatusReply> {
    return this.#submit({ type: 'delete', groupId }, 'status');
  }

  async listGroups(): Promise<ListReply> {
    const replies = await Promise.all(
      [...this.#partitions.values()].map(({ runtime }) => runtime.submit({ type: 'list' })),
    );
    const lists = replies.filter((reply) => reply.type === 'list');
    const isLoading = lists.some((list) => list.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    const errorCode = isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE;
    return { type: 'list', errorCode, groups: lists.flatMap((list) => list.groups) };
  }

  async #submit<Type extends GroupReply['type']>(
    command: GroupCommand & { readonly groupId: string },
    type: Type,
  ): Promise<ReplyOf<Type>> {
    const count = this.#options.image().topicsByName.get(TOPIC)?.partitions.length ?? 0;
    const partition = count === 0 ? undefined : this.#partitions.get(coordinatorPartition(command.groupId, count));
    const reply =
      partition === undefined
        ? refusedReply(command, ErrorCode.NOT_COORDINATOR)
        : await partition.runtime.submit(command);
    if (!isReply(reply, type)) throw new Error(`a ${command.type} was answered with a ${reply.type}`);
    return reply;
  }
}

/** Every group of the shard, whichever its kind. */
function groupsOf(shard: GroupShard): readonly { readonly groupId: string }[] {
  return [...shard.groups(), ...shard.consumerGroups()];
}

function isReply<Type extends GroupReply['type']>(reply: GroupReply, type: Type): reply is ReplyOf<Type> {
  return reply.type === type;
}
