import { recordBatchesOf } from '@ks/protocol';
import type { ClusterWorld } from '../cluster-world.ts';
import type { Machine } from '../machine.ts';
import { storedPartitions } from './cluster-state.ts';

/** One replica as its disk holds it. */
interface DiskReplica {
  readonly host: string;
  /** Bytes of the batches by base offset. */
  readonly batches: ReadonlyMap<number, Uint8Array>;
  readonly startOffset: number;
  readonly endOffset: number;
}

/**
 * Holds the replicas' disks to each other, byte by byte, once all brokers have stopped in order: equal between the larger start and the
 * smaller end, which lies no lower than what was committed.
 */
export function compareDisks(world: ClusterWorld): void {
  const topics = new Map(
    world.storeServer.entries('topics/').map(({ key, value }) => [topicIdOf(value), key.slice(7)]),
  );
  for (const { topicId, index, record } of storedPartitions(world)) {
    const topic = topics.get(topicId);
    if (topic === undefined) continue;
    const name = `${topic}-${index}`;
    const replicas = world.machines
      .filter(({ brokerId }) => record.replicas.includes(brokerId))
      .map((machine) => readReplica(machine, name));
    const committed = world.history.partition(topic, index)?.highWatermark ?? 0;
    const [first, ...others] = replicas;
    for (const other of others) {
      if (first !== undefined) compare(world, name, first, other, committed);
      world.history.count('replicas compared on disk');
    }
  }
}

function topicIdOf(value: string): string {
  return String((JSON.parse(value) as { readonly topicId: unknown }).topicId);
}

function readReplica({ files, host }: Machine, name: string): DiskReplica {
  const batches = new Map<number, Uint8Array>();
  let [startOffset, endOffset] = [Number.POSITIVE_INFINITY, 0];
  const directory = `/data/${name}`;
  for (const file of files.peekNames(directory).filter((each) => each.endsWith('.log'))) {
    const bytes = files.peek(`${directory}/${file}`) ?? new Uint8Array(0);
    startOffset = Math.min(startOffset, Number(file.slice(0, -4)));
    for (const batch of recordBatchesOf(bytes)) {
      batches.set(batch.baseOffset, batch.bytes);
      endOffset = Math.max(endOffset, batch.lastOffset + 1);
    }
  }
  return { host, batches, startOffset, endOffset };
}

function compare(world: ClusterWorld, name: string, one: DiskReplica, other: DiskReplica, committed: number): void {
  const violate = (what: string) =>
    world.history.violate(`${name}: the replicas of ${one.host} and ${other.host} differ: ${what}`);
  const endOffset = Math.min(one.endOffset, other.endOffset);
  if (endOffset < committed) violate(`they end at ${one.endOffset} and ${other.endOffset}, ${committed} is committed`);
  const from = Math.max(one.startOffset, other.startOffset);
  const isShared = (offset: number) => offset >= from && offset < endOffset;
  for (const offset of [...new Set([...one.batches.keys(), ...other.batches.keys()])].filter(isShared)) {
    const [a, b] = [one.batches.get(offset), other.batches.get(offset)];
    if (a === undefined || b === undefined || !isSame(a, b)) violate(`at ${offset}`);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
