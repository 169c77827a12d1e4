import type { HostedPartition } from '../../runtime/replica-manager.ts';
import type { Attempt } from './attempt.ts';
import { CommittedProgress } from './committed-progress.ts';
import { ConsumerGroupHistory } from './consumer-group-history.ts';
import { GroupHistory } from './group-history.ts';
import { type Ending, PartitionHistory, type TopicTraits } from './partition-history.ts';
import { TransactionHistory } from './transaction-history.ts';

/** A topic that exists. */
export interface TopicHistory {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: PartitionHistory[];
}

/** Everything that happened in one simulated world, as clients saw it. */
export class History {
  /** What the broker did that it must not, oldest first. */
  readonly violations: string[] = [];
  readonly attempts = new Map<number, Attempt>();
  readonly topics = new Map<string, TopicHistory>();
  readonly transactions = new TransactionHistory((what) => this.violate(what));
  readonly groups = new GroupHistory((what) => this.violate(what));
  /** The one group of KIP-848. */
  readonly consumerGroup = new ConsumerGroupHistory('c', (what) => this.violate(what));
  /** The one group that members of both protocols share, and how far its commits have got. */
  readonly mixedGroup = new ConsumerGroupHistory('m', (what) => this.violate(what));
  readonly mixedProgress = new CommittedProgress((what) => this.violate(`group m: ${what}`));
  /** Every producer id that was given out. */
  readonly producerIds = new Set<number>();
  /** How often each kind of thing happened. */
  readonly counts = new Map<string, number>();
  #attemptCount = 0;

  readonly violate = (what: string): void => {
    this.violations.push(what);
  };

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  partitions(): readonly PartitionHistory[] {
    return [...this.topics.values()].flatMap(({ partitions }) => partitions);
  }

  /** A life of the broker has ended. */
  ended(how: Ending): void {
    for (const partition of this.partitions()) partition.ended(how);
    this.groups.ended(how);
    this.mixedGroup.lifeEnded();
    if (how !== 'power-cut') return;
    this.transactions.powerCut();
    this.consumerGroup.powerCut();
    this.mixedGroup.powerCut();
    this.mixedProgress.powerCut();
  }

  partition(topic: string, index: number): PartitionHistory | undefined {
    return this.topics.get(topic)?.partitions[index];
  }

  /** Id for the next attempt. */
  nextAttemptId(): number {
    this.#attemptCount += 1;
    return this.#attemptCount;
  }

  /** The broker shows a topic with so many partitions. */
  showTopic(name: string, topicId: string, partitionCount: number, traits: TopicTraits, life: number): void {
    let topic = this.topics.get(name);
    if (topic === undefined) {
      topic = { name, topicId, partitions: [] };
      this.topics.set(name, topic);
    }
    if (topic.topicId !== topicId) this.violate(`topic ${name} changed its id`);
    if (topic.partitions.length > partitionCount)
      this.violate(`topic ${name} has only ${partitionCount} partitions now`);
    for (let index = topic.partitions.length; index < partitionCount; index++) {
      topic.partitions.push(new PartitionHistory({ topic: name, topicId, index }, traits, life, this.violate));
    }
  }

  /** A topic's deletion is asked for. */
  doom(name: string): void {
    for (const partition of this.topics.get(name)?.partitions ?? []) partition.isDoomed = true;
  }

  /** A topic's deletion was acknowledged. */
  deleted(name: string): void {
    this.topics.delete(name);
  }

  /** A life of the broker begins to serve these. @param isExcused a fault was injected that may keep partitions from being served */
  started(life: number, hosted: Iterable<HostedPartition>, isExcused: boolean): void {
    const served = new Map([...hosted].map((each) => [`${each.topic}-${each.partitionIndex}`, each]));
    for (const partition of this.partitions()) {
      if (partition.isDoomed) continue;
      const here = served.get(partition.name);
      if (here?.isOpen && here.isLeader) {
        const { logStartOffset, logEndOffset } = here.log;
        partition.started({ life, logStartOffset, logEndOffset, leaderEpoch: here.leaderEpoch });
      } else if (!isExcused) this.violate(`${partition.name} is not served by life ${life}`);
    }
  }
}
