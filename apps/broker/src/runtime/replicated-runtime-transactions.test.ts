import { createCodec, decodeControlRecord, ErrorCode, RecordBatch } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Decision, ReplicatedState, Softened, TransactionalProducer } from '../core/replicated-state.ts';
import { silentLogger } from '../silent-logger.ts';
import { FakeCoordinatorLog, referenceCore, settled } from './coordinator-log.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import { ReplicatedRuntime } from './replicated-runtime.ts';

type Command = { readonly text: string; readonly producer?: TransactionalProducer } | 'read';

/** Texts, some of which wait for their producer's marker. */
class Texts implements ReplicatedState<Command, string, string, never, never> {
  readonly texts: string[] = [];
  readonly #pending = new Map<number, string[]>();

  decide(command: Command): Decision<string, string, never, never> {
    if (command === 'read') return { records: [], reply: this.texts.join(',') };
    return { records: [command.text], producer: command.producer, reply: `added ${command.text}` };
  }
  expired(): Command {
    return 'read';
  }
  apply(record: string, at: { readonly transactional: boolean; readonly producerId: number }): void {
    if (!at.transactional) this.texts.push(record);
    else this.#pending.set(at.producerId, [...(this.#pending.get(at.producerId) ?? []), record]);
  }
  applyMarker(producerId: number, _epoch: number, committed: boolean): void {
    if (committed) this.texts.push(...(this.#pending.get(producerId) ?? []));
    this.#pending.delete(producerId);
  }
  soften(): Softened<string> {
    return { answers: [], timers: [] };
  }
  loaded() {
    return { timers: [], effects: [] };
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class FencingLog extends FakeCoordinatorLog {
  readonly fenced = new Set<number>();
  override refusal(producer?: TransactionalProducer): number {
    const isFenced = producer !== undefined && this.fenced.has(producer.producerId);
    return isFenced ? ErrorCode.INVALID_PRODUCER_EPOCH : super.refusal();
  }
}

let log: FencingLog;
let clock: ManualClock;
let state: Texts;
let runtime: ReplicatedRuntime<Command, string, string, never, never>;

async function open(): Promise<void> {
  clock = new ManualClock();
  runtime = new ReplicatedRuntime({
    createState: () => {
      state = new Texts();
      return state;
    },
    format: {
      encode: (record) => ({ key: encoder.encode(record), value: null }),
      decode: (key) => decoder.decode(key),
      refused: (_command, errorCode) => `refused ${errorCode}`,
    },
    log,
    replayOptions: { codec: createCodec(referenceCore), inflatedBytesMax: 1000, logger: silentLogger },
    perform: () => undefined,
    clock,
    logger: silentLogger,
    queuedCommandsMax: 10,
  });
  await runtime.load();
}

beforeEach(async () => {
  log = new FencingLog();
  await open();
});

function send(...commands: readonly Command[]): string[] {
  const replies: string[] = [];
  commands.forEach((command, index) => {
    void runtime.submit(command).then((reply) => {
      replies[index] = reply;
    });
  });
  return replies;
}
const turn = async (): Promise<void> => {
  clock.advanceTo(clock.monotonicMs());
  await settled();
};
/** Each batch in words: its producer, and its records or what its marker says. */
const batches = () =>
  log.batches.map((bytes) => {
    const batch = new RecordBatch(bytes);
    const words = [...batch.records(batch.payload)].map(({ key, value }) =>
      batch.isControl ? decodeControlRecord(key, value).type : decoder.decode(key ?? undefined),
    );
    return `${batch.isTransactional ? `${batch.producerId}/${batch.producerEpoch}` : '-'} ${words.join('+')}`;
  });
const one = { producerId: 1, producerEpoch: 0 };
const two = { producerId: 2, producerEpoch: 5 };
const marker = (producer: TransactionalProducer, committed: boolean) => ({
  ...{ producerId: producer.producerId, producerEpoch: producer.producerEpoch },
  ...{ committed, coordinatorEpoch: 3, transactionVersion: 0 },
});

describe('records within transactions', () => {
  test('are batches of their own, one producer each, in the order of the commands', async () => {
    const replies = send(
      { text: 'a' },
      { text: 'b', producer: one },
      { text: 'c', producer: one },
      { text: 'd', producer: two },
      { text: 'e' },
    );
    await turn();
    expect(batches()).toEqual(['- a', '1/0 b+c', '2/5 d', '- e']);
    await log.settle();
    expect(replies).toEqual(['added a', 'added b', 'added c', 'added d', 'added e']);
    expect(state.texts).toEqual(['a', 'e']);
  });

  test('count from the marker on, and a reload finds the same', async () => {
    send({ text: 'a', producer: one }, { text: 'b', producer: two });
    await turn();
    const marked = [runtime.writeMarker(marker(two, false)), runtime.writeMarker(marker(one, true))];
    expect(batches().slice(2)).toEqual(['2/5 abort', '1/0 commit']);
    await log.settle();
    expect(await Promise.all(marked)).toEqual([0, 0]);
    const { texts } = state;
    expect(texts).toEqual(['a']);
    await open();
    expect(state.texts).toEqual(texts);
  });

  test('of a producer that is refused leave no trace, and do not hold others up', async () => {
    log.fenced.add(1);
    const replies = send({ text: 'a' }, { text: 'b', producer: one }, { text: 'c' });
    await turn();
    await log.settle();
    expect(replies).toEqual(['added a', `refused ${ErrorCode.INVALID_PRODUCER_EPOCH}`, 'added c']);
    expect(state.texts).toEqual(['a', 'c']);
  });
});

describe('a marker', () => {
  test('comes after what was asked before it, and holds back what is read after it', async () => {
    send({ text: 'a', producer: one });
    const marked = runtime.writeMarker(marker(one, true));
    expect(batches()).toEqual(['1/0 a', '1/0 commit']);
    const replies = send('read');
    await turn();
    expect(replies).toEqual([]);
    await log.settle();
    expect([await marked, ...replies]).toEqual([0, 'a']);
  });

  test('that the log refuses changes nothing', async () => {
    send({ text: 'a', producer: one });
    await turn();
    await log.settle();
    log.appendFailsWith = ErrorCode.TRANSACTION_COORDINATOR_FENCED;
    expect(await runtime.writeMarker(marker(one, true))).toBe(ErrorCode.TRANSACTION_COORDINATOR_FENCED);
    log.refusedWith = ErrorCode.NOT_ENOUGH_REPLICAS;
    expect(await runtime.writeMarker(marker(one, true))).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(state.texts).toEqual([]);
    log.refusedWith = 0;
    const marked = runtime.writeMarker(marker(one, true));
    await log.settle(ErrorCode.REQUEST_TIMED_OUT);
    expect(await marked).toBe(ErrorCode.REQUEST_TIMED_OUT);
  });

  test('is refused while the log is read and once it is led elsewhere', async () => {
    const loading = open();
    expect(await runtime.writeMarker(marker(one, true))).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    await loading;
    runtime.close();
    expect(await runtime.writeMarker(marker(one, true))).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });
});
