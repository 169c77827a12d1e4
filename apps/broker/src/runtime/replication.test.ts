import { ErrorCode } from '@ks/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { LAG_MAX_MS, ReplicationRig, TOPIC_ID } from './replication-rig.test-support.ts';
import { fetchRequest } from './replicas.test-support.ts';

const rigs: ReplicationRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.stop();
});

async function rigOf(...args: Parameters<typeof ReplicationRig.of>): Promise<ReplicationRig> {
  const rig = await ReplicationRig.of(...args);
  rigs.push(rig);
  return rig;
}

describe('replication', () => {
  it('answers acks=all when every replica has the records, and tells followers what is committed', async () => {
    const rig = await rigOf(3, 2, { minInsyncReplicas: 2 });
    const appended = await Promise.all([0, 1].map((partitionIndex) => rig.append(1, ['a', 'b'], { partitionIndex })));
    expect(appended.map((each) => each?.errorCode)).toEqual([0, 0]);
    await rig.until(() => [2, 3].every((id) => [0, 1].every((index) => rig.hosted(id, index).highWatermark === 2)));
    for (const index of [0, 1]) {
      const leader = await rig.bytesOf(1, index);
      for (const id of [2, 3]) expect(await rig.bytesOf(id, index)).toEqual(leader);
    }
    expect(rig.isr).toEqual([1, 2, 3]);
  });

  it('takes a follower that is gone out of the ISR, commits without it, and takes it in again when it has caught up', async () => {
    const rig = await rigOf(3);
    rig.cutOff.add(3);
    const waiting = rig.appending(1, ['a'], { timeoutMs: 60_000 });
    await rig.pass(LAG_MAX_MS / 2);
    expect(rig.hosted(1).highWatermark).toBe(0);
    expect((await rig.settle(waiting))[0]?.errorCode).toBe(0);
    expect(rig.isr).toEqual([1, 2]);
    await rig.append(1, ['b', 'c'], { timeoutMs: 5000 });
    expect(rig.metric(1, 'ks_under_replicated_partitions')).toBe(1);
    expect(rig.metric(1, 'ks_isr_shrinks_total')).toBe(1);
    const of = (follower: string) => ({ topic: 'orders', partition: '0', follower });
    expect(rig.metric(1, 'ks_follower_lag_records', of('2'))).toBe(0);
    expect(rig.metric(1, 'ks_follower_lag_records', of('3'))).toBe(3);
    expect(rig.metric(2, 'ks_under_replicated_partitions')).toBe(0);
    rig.cutOff.clear();
    await rig.until(() => rig.isr.length === 3);
    expect(await rig.bytesOf(3)).toEqual(await rig.bytesOf(1));
  });

  it('counts on both ISRs until the image shows which of them holds, whether the answer came or not', async () => {
    for (const commits of [[], ['lost-applied'], ['lost']] as const) {
      const rig = await rigOf(2);
      rig.commits.push(...commits);
      rig.isWatching = false;
      rig.cutOff.add(2);
      const waiting = rig.appending(1, ['a'], { timeoutMs: 60_000 });
      await rig.until(() => rig.isr.length === 1);
      await rig.pass(500);
      expect(rig.hosted(1).highWatermark).toBe(0);
      await rig.deliver();
      expect((await rig.settle(waiting))[0]?.errorCode).toBe(0);
    }
  });

  it('refuses acks=all below min.insync.replicas, and says so of what was appended before', async () => {
    const rig = await rigOf(2, 1, { minInsyncReplicas: 2 });
    rig.cutOff.add(2);
    const early = rig.appending(1, ['a'], { timeoutMs: 2 * LAG_MAX_MS });
    await rig.until(() => rig.isr.length === 1);
    await rig.pass(50);
    expect((await rig.append(1, ['b']))?.errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect((await rig.settle(early))[0]?.errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    expect(rig.partitions[0]?.elr).toEqual([2]);
    expect(rig.hosted(1).highWatermark).toBe(0);
    rig.cutOff.clear();
    await rig.until(() => rig.hosted(1).highWatermark === 1 && rig.isr.length === 2);
    expect(rig.partitions[0]?.elr).toEqual([]);
  });

  it('a deposed leader cuts off what the new one lacks, by epoch and end offset', async () => {
    const rig = await rigOf(3);
    await rig.append(1, ['a', 'b']);
    rig.cutOff.add(1);
    await rig.append(1, ['lost', 'too'], { acks: 1 });
    // Others hear of the election; the old leader goes on for a while.
    await rig.elect({ leader: 2, isr: [2, 3] });
    await rig.append(2, ['c']);
    await rig.append(2, ['d', 'e', 'f']);
    expect(rig.hosted(1).logEndOffset).toBe(4);
    rig.cutOff.clear();
    await rig.until(() => rig.isr.length === 3);
    expect(await rig.bytesOf(1)).toEqual(await rig.bytesOf(2));
    expect(rig.hosted(1).logEndOffset).toBe(6);
    // Each way once more: an epoch without a record must not keep a follower from coming to terms.
    await rig.elect({ leader: 1 });
    await rig.elect({ leader: 3 });
    await rig.append(3, ['g']);
    await rig.until(() => [1, 2].every((id) => rig.hosted(id).highWatermark === 7));
    expect(await rig.bytesOf(1)).toEqual(await rig.bytesOf(3));
  });

  it('a follower begins where the leader’s log starts, in the middle of a batch, too', async () => {
    const rig = await rigOf(2);
    await rig.append(1, ['a']);
    rig.cutOff.add(2);
    expect((await rig.append(1, ['b', 'c', 'd', 'e'], { timeoutMs: 60_000 }))?.errorCode).toBe(0);
    const { replicas } = rig.member(1);
    const key = { topic: 'orders', topicId: TOPIC_ID, partitionIndex: 0 };
    await rig.settle(replicas.deleteRecords([{ ...key, offset: 3 }]));
    rig.cutOff.clear();
    await rig.until(() => rig.isr.length === 2 && rig.hosted(2).highWatermark === 5);
    await rig.until(() => rig.hosted(2).logStartOffset === 3);
    expect(await rig.bytesOf(2)).toEqual(await rig.bytesOf(1));
  });

  it('is not held up by a partition that fails', async () => {
    const rig = await rigOf(2, 2);
    // Broker 1 does not know yet that it leads the first partition under this epoch: it answers with an error.
    const [first] = rig.partitions;
    if (first === undefined) throw new Error('no partition');
    rig.partitions[0] = { ...first, leaderEpoch: 5, partitionEpoch: 5, modRevision: ++rig.revision };
    await rig.deliver([2]);
    expect((await rig.append(1, ['a'], { partitionIndex: 1 }))?.errorCode).toBe(0);
    expect(rig.hosted(2, 1).logEndOffset).toBe(1);
    await rig.deliver([1]);
    expect((await rig.append(1, ['b'], { partitionIndex: 0, timeoutMs: 5000 }))?.errorCode).toBe(0);
  });

  it('refuses the fetch of a life that is over, of a stranger, and under another epoch', async () => {
    const rig = await rigOf(2);
    await rig.append(1, ['a']);
    const fetchAs = async (replicaId: number, replicaEpoch: number, currentLeaderEpoch = 0) => {
      const partitions = [{ topicId: TOPIC_ID, fetchOffset: 1, currentLeaderEpoch }];
      const request = fetchRequest(partitions, { replicaId, replicaEpoch, maxWaitMs: 0 });
      return (await rig.settle(rig.member(1).replicas.fetch(request)))[0]?.errorCode;
    };
    expect(await fetchAs(2, 2)).toBe(ErrorCode.NONE);
    expect(await fetchAs(2, 1)).toBe(ErrorCode.STALE_BROKER_EPOCH);
    expect(await fetchAs(2, -1)).toBe(ErrorCode.STALE_BROKER_EPOCH);
    expect(await fetchAs(7, 7)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(await fetchAs(7, 7, -1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await fetchAs(2, 2, 1)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    await rig.elect({});
    expect(await fetchAs(2, 2, 0)).toBe(ErrorCode.FENCED_LEADER_EPOCH);
  });

  it('past its lease a leader acknowledges nothing alone and changes no ISR, but goes on with its followers', async () => {
    const rig = await rigOf(3);
    rig.member(1).isFenced = true;
    rig.cutOff.add(3);
    expect((await rig.append(1, ['a'], { acks: 1 }))?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    await rig.pass(3 * LAG_MAX_MS);
    expect(rig.isr).toEqual([1, 2, 3]);
    rig.cutOff.clear();
    expect((await rig.append(1, ['b'], { timeoutMs: 5000 }))?.errorCode).toBe(0);
    rig.cutOff.add(3);
    await rig.append(1, ['c'], { timeoutMs: 50 });
    rig.member(1).isFenced = false;
    await rig.until(() => rig.isr.length === 2);
  });

  it('gives its leaderships away when its log directory fails, and is missed by nobody', async () => {
    const rig = await rigOf(3, 2);
    await rig.append(1, ['a']);
    rig.member(1).files.isBroken = true;
    expect((await rig.append(1, ['b'], { acks: 1 }))?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await rig.until(() => rig.partitions.every(({ leader }) => leader === 2));
    expect(rig.partitions.map(({ isr, leaderEpoch }) => [isr, leaderEpoch])).toEqual([
      [[2, 3], 1],
      [[2, 3], 1],
    ]);
    expect(rig.metric(1, 'ks_offline_replicas')).toBe(2);
    await rig.until(() => rig.hosted(2).isLeader);
    expect((await rig.append(2, ['c'], { timeoutMs: 5000 }))?.errorCode).toBe(0);
    // Named again, as a controller could that does not know, it gives the leadership away again.
    await rig.elect({ leader: 1, isr: [1, 2, 3] });
    await rig.until(() => rig.partitions[0]?.leader === 2);
  });

  it('sends a consumer to the in-sync replica in its rack, which serves it what is committed', async () => {
    const rig = await rigOf(3, 1, { racks: ['a', 'b', 'b'] });
    await rig.append(1, ['x', 'y']);
    // Told at once, not with the next records.
    await rig.until(() => rig.hosted(2).highWatermark === 2);
    const read = async (brokerId: number, rackId: string | undefined, fetchOffset = 0) => {
      const request = fetchRequest([{ topicId: TOPIC_ID, fetchOffset }], { rackId, maxWaitMs: 0 });
      const [result] = await rig.settle(rig.member(brokerId).replicas.fetch(request));
      for (const part of result?.records ?? []) part.release();
      return [result?.errorCode, result?.preferredReadReplica, result?.nextOffset];
    };
    expect(await read(1, 'a')).toEqual([0, -1, 2]);
    expect(await read(1, 'b')).toEqual([0, 3, 0]);
    expect(await read(1, 'elsewhere')).toEqual([0, -1, 2]);
    expect(await read(3, 'b')).toEqual([0, -1, 2]);
    expect(await read(3, undefined)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, 0]);
    rig.cutOff.add(3);
    rig.appending(1, ['z'], { timeoutMs: 60_000 });
    await rig.until(() => rig.isr.length === 2 && rig.hosted(2).highWatermark === 3);
    expect(await read(1, 'b')).toEqual([0, 2, 0]);
    expect(await read(2, 'b', 2)).toEqual([0, -1, 3]);
  });

  it('goes on with its log and its watermark after a restart', async () => {
    const rig = await rigOf(2);
    await rig.append(1, ['a', 'b']);
    await rig.restart(2);
    await rig.append(1, ['c'], { timeoutMs: 5000 });
    await rig.until(() => rig.isr.length === 2 && rig.hosted(2).highWatermark === 3);
    await rig.restart(1);
    await rig.elect({ leader: 2 });
    expect((await rig.append(2, ['d'], { timeoutMs: 5000 }))?.errorCode).toBe(0);
    expect(await rig.bytesOf(1)).toEqual(await rig.bytesOf(2));
  });

  describe('throttled', () => {
    const BYTES_PER_SECOND = 2000;
    const VALUE = 'v'.repeat(400);

    /** A broker that was away comes back and lacks `batches`; the bytes it lacks, and how long it takes until it is in sync. */
    async function catchUp(options: Parameters<typeof ReplicationRig.of>[2], batches = 40) {
      const rig = await rigOf(3, 1, { minInsyncReplicas: 1, ...options });
      rig.cutOff.add(3);
      const waiting = rig.appending(1, ['first'], { timeoutMs: 60_000 });
      await rig.until(() => rig.isr.length === 2);
      await rig.settle(waiting);
      const beganMs = rig.clock.monotonicMs();
      // Who is in sync is never throttled: this is acknowledged by broker 2 at once.
      for (let count = 0; count < batches; count += 1) expect((await rig.append(1, [VALUE]))?.errorCode).toBe(0);
      expect(rig.clock.monotonicMs() - beganMs).toBeLessThan(2000);
      // The burst, and what was counted for those in sync, is over.
      await rig.pass(60_000);
      rig.cutOff.delete(3);
      const fromMs = rig.clock.monotonicMs();
      while (rig.isr.length < 3 && rig.clock.monotonicMs() - fromMs < 60_000) await rig.pass(20);
      expect(await rig.bytesOf(3)).toEqual(await rig.bytesOf(1));
      return { rig, bytes: (await rig.bytesOf(1)).length, tookMs: rig.clock.monotonicMs() - fromMs };
    }
    const all = { leaderThrottled: 'all', followerThrottled: 'all' } as const;

    it.each(['leader', 'follower'] as const)('by the %s catches up at the rate', async (side) => {
      const rates = { leader: undefined, follower: undefined, [side]: BYTES_PER_SECOND };
      const config = { maxMessageBytes: 1000 };
      const { bytes, tookMs } = await catchUp({ rates, throttled: all, config });
      // The burst of a second is free; the last batch may overdraw.
      const expectedMs = (bytes / BYTES_PER_SECOND) * 1000;
      expect(tookMs).toBeGreaterThan(expectedMs * 0.5);
      expect(tookMs).toBeLessThan(expectedMs * 1.3);
    });

    it('replicas that are not named, and all without a rate, catch up as fast as they can', async () => {
      const rates = { leader: BYTES_PER_SECOND, follower: BYTES_PER_SECOND };
      const others = { leaderThrottled: new Set(['0:2', '1:1']), followerThrottled: new Set(['0:1', '1:3']) };
      expect((await catchUp({ rates, throttled: others })).tookMs).toBeLessThan(1000);
      expect((await catchUp({ throttled: all })).tookMs).toBeLessThan(1000);
    });

    it('replicas go on when the rate is taken away', async () => {
      const rig = await rigOf(2, 1, { rates: { leader: 1, follower: 1 }, throttled: all });
      rig.cutOff.add(2);
      const waiting = rig.appending(1, ['x'], { timeoutMs: 60_000 });
      await rig.until(() => rig.isr.length === 1);
      await rig.settle(waiting);
      await rig.append(1, [VALUE]);
      rig.cutOff.clear();
      await rig.pass(20_000);
      expect(rig.isr).toEqual([1]);
      rig.rates = undefined;
      await rig.until(() => rig.isr.length === 2);
    });
  });
});
