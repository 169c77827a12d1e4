import {
  codecOf,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  joinFrame,
  type Message,
  Reader,
  Writer,
} from '@ks/protocol';
import { keyOf } from './mixed-group.ts';

// What consumers of the classic protocol tell each other, with partitions by their keys.

const OWNED_SINCE = 1;

export interface ClassicSubscription {
  readonly topics: readonly string[];
  readonly owned: ReadonlySet<string>;
}

/** @param wishes makes the bytes others than those of the last time */
export function subscriptionBytes({ topics, owned }: ClassicSubscription, wishes: number): Uint8Array {
  const value = { topics: [...topics], ownedPartitions: byTopic(owned), userData: Uint8Array.of(wishes) };
  return versioned(ConsumerProtocolSubscription, OWNED_SINCE, value);
}

export function subscriptionFrom(bytes: Uint8Array): ClassicSubscription {
  const reader = new Reader(bytes);
  const { topics, ownedPartitions } = codecOf(ConsumerProtocolSubscription, reader.int16()).decode(reader);
  return { topics, owned: keysOf(ownedPartitions) };
}

export function assignmentBytesOf(partitions: ReadonlySet<string>): Uint8Array {
  return versioned(ConsumerProtocolAssignment, OWNED_SINCE, { assignedPartitions: byTopic(partitions) });
}

export function assignmentFrom(bytes: Uint8Array): ReadonlySet<string> {
  if (bytes.length === 0) return new Set();
  const reader = new Reader(bytes);
  return keysOf(codecOf(ConsumerProtocolAssignment, reader.int16()).decode(reader).assignedPartitions);
}

/** Partitions by the names of their topics. */
export function byTopic(keys: ReadonlySet<string>): { readonly topic: string; readonly partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const key of [...keys].sort()) {
    const at = key.lastIndexOf('-');
    const topic = key.slice(0, at);
    topics.set(topic, [...(topics.get(topic) ?? []), Number(key.slice(at + 1))]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

function keysOf(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): ReadonlySet<string> {
  return new Set(topics.flatMap(({ topic, partitions }) => partitions.map((index) => keyOf(topic, index))));
}

function versioned<In, Out>(message: Message<In, Out>, version: number, value: In): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  codecOf(message, version).encode(writer, value);
  return joinFrame(writer.finish());
}
