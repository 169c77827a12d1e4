import type { HostedPartition } from '../../runtime/replica-manager.ts';
import type { Attempt } from './attempt.ts';
import { type Ending, PartitionHistory } from './partition-history.ts';

/** A topic that exists, or did. */
export interface TopicHistory {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionHistory[];
}

/** Everything that happened in one simulated world, as clients saw it. */
export class History {
  /** What the broker did that it must not, oldest first. */
  readonly violations: string[] = [];
  readonly attempts = new Map<number, Attempt>();
  readonly topics = new Map<string, TopicHistory>();
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
  }

  partition(topic: string, index: number): PartitionHistory | undefined {
    return this.topics.get(topic)?.partitions[index];
  }

  /** Id for the next attempt. */
  nextAttemptId(): number {
    this.#attemptCount += 1;
    return this.#attemptCount;
  }

  addTopic(
    name: string,
    partitionCount: number,
    options: { readonly topicId: string; readonly isFlushed: boolean; readonly life: number },
  ): void {
    const known = this.topics.get(name);
    if (known !== undefined) {
      if (known.topicId !== options.topicId) this.violate(`topic ${name} changed its id`);
      if (known.partitions.length !== partitionCount)
        this.violate(`topic ${name} has ${partitionCount} partitions now`);
      return;
    }
    const partitions = Array.from(
      { length: partitionCount },
      (_, index) => new PartitionHistory(`${name}-${index}`, options, this.violate),
    );
    this.topics.set(name, { name, topicId: options.topicId, partitions });
  }

  /** A life of the broker begins to serve these. @param isExcused a fault was injected that may keep partitions from being served */
  started(life: number, hosted: Iterable<HostedPartition>, isExcused: boolean): void {
    const served = new Map([...hosted].map((each) => [`${each.topic}-${each.partitionIndex}`, each]));
    for (const partition of this.partitions()) {
      const here = served.get(partition.name);
      if (here?.isOpen && here.isLeader) {
        const { logStartOffset, logEndOffset } = here.log;
        partition.started({ life, logStartOffset, logEndOffset, leaderEpoch: here.leaderEpoch });
      } else if (!isExcused) this.violate(`${partition.name} is not served by life ${life}`);
    }
  }
}
