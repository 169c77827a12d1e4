import type { TopicPartition } from '../../offsets/list-offsets.ts';

/** A member of a classic group: what it subscribes to, and what it has. */
export interface Subscriber {
  readonly memberId: string;
  /** Orders static members among themselves. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** What it has, or had in the generation before. Only cooperative and sticky members tell. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** The generation that it had them in; -1 where it does not say. Of two that claim a partition the later one has it. */
  readonly generationId: number;
  readonly rackId: string | null;
  /** What the member's own assignor of this name added: see `Assignor.userData`. */
  readonly userData: Uint8Array | null;
}

/** Divides partitions among the members of a classic group. Every member's client must have one of the same name. */
export interface Assignor {
  /** As it goes over the wire: `range`. */
  readonly name: string;
  /**
   * `cooperative`: members keep what they have until it is assigned to another, and give up only that (KIP-429). A consumer is
   * cooperative when all its assignors are. Default: `eager`, everything is given up and handed out anew.
   */
  readonly mode?: 'eager' | 'cooperative' | undefined;
  /** What a member tells the one that assigns, beside its topics and what it has. */
  userData?(owned: readonly TopicPartition[], generationId: number): Uint8Array | null;
  /** By member id; `partitionCounts` has every topic that exists. */
  assign(
    subscribers: readonly Subscriber[],
    partitionCounts: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, readonly TopicPartition[]>;
}

/** Static members first, by their instance ids, which outlive restarts; then by member id. */
export function ordered(subscribers: readonly Subscriber[]): readonly Subscriber[] {
  const key = ({ memberId, groupInstanceId }: Subscriber): string =>
    groupInstanceId === null ? `1${memberId}` : `0${groupInstanceId}`;
  return subscribers.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function emptyAssignment(subscribers: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(subscribers.map(({ memberId }) => [memberId, []]));
}

/** The topics that anybody subscribes to, by name. */
export function topicsOf(subscribers: readonly Subscriber[]): readonly string[] {
  return [...new Set(subscribers.flatMap(({ topics }) => topics))].toSorted();
}
