import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppendResult, FetchResult } from './replica-manager.ts';
import { appendRequest, Fixture, fetchRequest, idOf, imageOf, settle, topicImage } from './replicas.test-support.ts';
import { batchOf } from './scripted-log.test-support.ts';

const ORDERS = idOf('Q');
const PARTITIONS = 3;

type Action =
  | { readonly type: 'append'; readonly partition: number; readonly acks: -1 | 0 | 1; readonly records: number }
  | { readonly type: 'write'; readonly partition: number; readonly batches: number }
  | { readonly type: 'sync' | 'fail'; readonly partition: number }
  | { readonly type: 'fetch'; readonly partition: number; readonly minBytes: number; readonly maxWaitMs: number }
  | { readonly type: 'image'; readonly partition: number; readonly leads: boolean; readonly alone: boolean }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'abort'; readonly index: number };

function action(): fc.Arbitrary<Action> {
  const partition = fc.nat(PARTITIONS - 1);
  const of = <T extends Action['type']>(type: T) => fc.constant(type);
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: of('append'),
        partition,
        acks: fc.constantFrom(-1, 0, 1),
        records: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: of('write'), partition, batches: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ type: of('sync'), partition }) },
    { weight: 6, arbitrary: fc.record({ type: of('fetch'), partition, minBytes: fc.nat(40), maxWaitMs: fc.nat(300) }) },
    { weight: 2, arbitrary: fc.record({ type: of('image'), partition, leads: fc.boolean(), alone: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ type: of('wait'), ms: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ type: of('abort'), index: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ type: of('fail'), partition }) },
  );
}

/** Runs actions against a replica manager and checks what must hold after each. */
class History {
  readonly fixture = new Fixture();
  readonly #placements = Array.from({ length: PARTITIONS }, () => ({
    leader: 1,
    leaderEpoch: 0,
    isr: [1],
    replicas: [1, 2],
  }));
  readonly #gone: AbortController[] = [];
  readonly #answers: Promise<unknown>[] = [];
  readonly #positions = new Array<number>(PARTITIONS).fill(0);
  readonly #watermarks = new Map<string, number>();
  #settled = 0;

  async start(): Promise<void> {
    this.fixture.start();
    await this.#apply();
  }

  async run(next: Action): Promise<void> {
    const { fixture } = this;
    if (next.type === 'append') this.#append(next);
    else if (next.type === 'fetch') this.#fetch(next);
    else if (next.type === 'wait') fixture.clock.advanceTo(fixture.clock.monotonicMs() + next.ms);
    else if (next.type === 'abort') this.#gone[next.index]?.abort();
    else if (next.type === 'image') await this.#move(next);
    else this.#disk(next);
    await settle();
    this.#checkWatermarks();
  }

  /** After the longest wait every request has been answered and nothing is held. */
  async end(): Promise<void> {
    for (const log of this.fixture.directory.scripted) if (!log.isFailed) log.write();
    this.fixture.clock.advanceTo(this.fixture.clock.monotonicMs() + 2000);
    await settle();
    expect(this.#settled).toBe(this.#answers.length);
    expect(this.fixture.directory.scripted.map((log) => log.held)).toEqual([0, 0, 0]);
  }

  #apply(): Promise<void> {
    return this.fixture.apply(imageOf([topicImage('orders', ORDERS, this.#placements)]));
  }

  async #move({ partition, leads, alone }: Extract<Action, { type: 'image' }>): Promise<void> {
    const before = this.#placements[partition];
    if (before === undefined) return;
    const leader = leads ? 1 : 2;
    const leaderEpoch = before.leaderEpoch + (before.leader === leader ? 0 : 1);
    const isr = alone ? [leader] : [1, 2];
    this.#placements[partition] = { ...before, leader, leaderEpoch, isr };
    await this.#apply();
  }

  #disk(next: Extract<Action, { type: 'write' | 'sync' | 'fail' }>): void {
    const log = this.fixture.directory.get('orders', next.partition);
    if (log.isFailed) return;
    if (next.type === 'write') log.write(next.batches);
    else log[next.type]();
  }

  #append({ partition, acks, records }: Extract<Action, { type: 'append' }>): void {
    const asked = { topic: 'orders', topicId: ORDERS, partitionIndex: partition, records: batchOf(records) };
    const { completion, admitted } = this.fixture.replicas.append({
      ...appendRequest([], { acks }),
      partitions: [asked],
    });
    const [first] = admitted;
    this.#note(completion, ([result]) => {
      if (first?.errorCode !== 0) return expect(result).toEqual(first);
      if (result?.errorCode === ErrorCode.NONE) this.#checkAcknowledged(result, acks);
      else expect(result?.baseOffset).toBe(-1);
    });
  }

  #checkAcknowledged(result: AppendResult, acks: number): void {
    const log = this.fixture.directory.get('orders', result.partitionIndex);
    const hosted = this.fixture.replicas.partition('orders', result.partitionIndex);
    if (acks === 1) expect(result.lastOffset).toBeLessThan(log.logEndOffset);
    if (acks === -1) expect(result.lastOffset).toBeLessThan(hosted?.highWatermark ?? 0);
  }

  #fetch({ partition, minBytes, maxWaitMs }: Extract<Action, { type: 'fetch' }>): void {
    const gone = new AbortController();
    this.#gone.push(gone);
    const asked = { partitionIndex: partition, fetchOffset: this.#positions[partition] ?? 0 };
    const request = fetchRequest([asked], { minBytes, maxWaitMs, signal: gone.signal });
    this.#note(this.fixture.replicas.fetch(request), ([result]) => this.#checkFetched(result));
  }

  #checkFetched(result: FetchResult | undefined): void {
    for (const part of result?.records ?? []) part.release();
    if (result === undefined || result.errorCode !== 0) return;
    expect(result.nextOffset).toBeLessThanOrEqual(result.highWatermark);
    const position = this.#positions[result.partitionIndex] ?? 0;
    this.#positions[result.partitionIndex] = Math.max(position, result.nextOffset);
  }

  #note<T>(answer: Promise<T>, check: (answered: T) => void): void {
    const checked = answer.then((answered) => {
      this.#settled++;
      check(answered);
    });
    this.#answers.push(checked);
    // A failed check is found when the history ends.
    checked.catch(() => {});
  }

  async checks(): Promise<void> {
    await Promise.all(this.#answers);
  }

  #checkWatermarks(): void {
    for (const { partitionIndex, leaderEpoch, highWatermark, logEndOffset } of this.fixture.replicas.partitions()) {
      const key = `${partitionIndex} in epoch ${leaderEpoch}`;
      expect(highWatermark).toBeGreaterThanOrEqual(this.#watermarks.get(key) ?? 0);
      expect(highWatermark).toBeLessThanOrEqual(logEndOffset);
      this.#watermarks.set(key, highWatermark);
    }
  }
}

describe('ReplicaManager', () => {
  it('keeps its promises over any history of requests, writes, failures and leader changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action(), { maxLength: 60 }), async (actions) => {
        const history = new History();
        await history.start();
        for (const next of actions) await history.run(next);
        await history.end();
        await history.checks();
      }),
      { numRuns: 300 },
    );
  });
});
