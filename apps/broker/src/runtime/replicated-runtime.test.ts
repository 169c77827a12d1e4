import { createCodec, encodeEndTransactionMarker, ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Decision, PARKED, type ReplicatedState, type Softened, type Ticket } from '../core/replicated-state.ts';
import type { Instant } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { FakeCoordinatorLog, referenceCore, settled } from './coordinator-log.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import { ReplicatedRuntime } from './replicated-runtime.ts';

type Command =
  | { readonly do: 'add'; readonly text: string }
  | { readonly do: 'read' | 'wait' | 'tick' }
  | { readonly do: 'arm'; readonly atMs: number };
type Change =
  | { readonly type: 'park'; readonly ticket: Ticket }
  | { readonly type: 'wake'; readonly reply: string }
  | { readonly type: 'arm'; readonly atMs: number };

/** A log of texts: enough to see what the runtime does. */
class Texts implements ReplicatedState<Command, string, string, Change, Change> {
  readonly texts: string[] = [];
  #pending: string[] = [];
  #parked: Ticket[] = [];

  decide(command: Command, _now: Instant, ticket: Ticket): Decision<string, string, Change, Change> {
    switch (command.do) {
      case 'add':
        return {
          records: [command.text],
          reply: `added ${command.text}`,
          whenCommitted: [{ type: 'wake', reply: `committed ${command.text}` }],
          whenFailed: [{ type: 'wake', reply: `failed ${command.text}` }],
        };
      case 'read':
        return { records: [], reply: this.texts.join(',') };
      case 'wait':
        return { records: [], reply: PARKED, soft: [{ type: 'park', ticket }] };
      case 'arm':
        return { records: [], reply: 'armed', soft: [{ type: 'arm', atMs: command.atMs }] };
      default:
        return { records: ['tick'], reply: '' };
    }
  }
  expired(): Command {
    return { do: 'tick' };
  }
  apply(record: string, at: { readonly transactional: boolean }): void {
    if (at.transactional) this.#pending.push(record);
    else this.texts.push(record);
  }
  applyMarker(_producerId: number, _epoch: number, committed: boolean): void {
    if (committed) this.texts.push(...this.#pending);
    this.#pending = [];
  }
  soften(change: Change): Softened<string> {
    if (change.type === 'arm') return { answers: [], timers: [{ key: 'k', atMs: change.atMs }] };
    if (change.type === 'park') {
      this.#parked.push(change.ticket);
      return { answers: [], timers: [] };
    }
    const answers = this.#parked.map((ticket) => ({ ticket, reply: change.reply }));
    this.#parked = [];
    return { answers, timers: [] };
  }
  loaded() {
    return { timers: [{ key: 'loaded', atMs: 1000 }], effects: [] };
  }
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const text = new TextEncoder();
const bytes = (of: string) => ({ key: text.encode(of), value: null, timestamp: 0 });

let log: FakeCoordinatorLog;
let clock: ManualClock;
let state: Texts;
let runtime: ReplicatedRuntime<Command, string, string, Change, Change>;

beforeEach(() => {
  log = new FakeCoordinatorLog();
  clock = new ManualClock();
  runtime = new ReplicatedRuntime({
    createState: () => {
      state = new Texts();
      return state;
    },
    format: {
      encode: (record) => ({ key: text.encode(record), value: null }),
      decode: (key) => (key[0] === 0x3f ? undefined : new TextDecoder().decode(key)),
      refused: (_command, errorCode) => `refused ${errorCode}`,
    },
    log,
    replayOptions: { codec: createCodec(referenceCore), inflatedBytesMax: 1000, logger: silent },
    perform: (effect) => effect,
    clock,
    logger: silent,
    queuedCommandsMax: 3,
  });
});

/** Sends commands in one turn; the replies come into the list when they come. */
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
const add = (what: string): Command => ({ do: 'add', text: what });

describe('while it loads', () => {
  test('commands are refused; what the log has counts afterwards', async () => {
    log.putRecords([bytes('a'), bytes('?unknown'), bytes('b')]);
    const loading = runtime.load();
    const early = send({ do: 'read' });
    await loading;
    expect(early).toEqual([`refused ${ErrorCode.COORDINATOR_LOAD_IN_PROGRESS}`]);
    const replies = send({ do: 'read' });
    await turn();
    expect(replies).toEqual(['a,b']);
  });

  test('records of transactions count when their marker commits them', async () => {
    log.putRecords([bytes('kept')], { producerId: 7, producerEpoch: 0, isTransactional: true });
    const marker = { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestampMs: 0 };
    log.put(encodeEndTransactionMarker({ ...marker, committed: true, baseOffset: 1 }, referenceCore));
    log.putRecords([bytes('dropped')], { producerId: 7, producerEpoch: 0, isTransactional: true });
    log.put(encodeEndTransactionMarker({ ...marker, committed: false, baseOffset: 3 }, referenceCore));
    await runtime.load();
    expect(state.texts).toEqual(['kept']);
  });

  test('a log that cannot be read is not coordinated here', async () => {
    log.replayError = new Error('disk');
    await runtime.load();
    const replies = send({ do: 'read' });
    await turn();
    expect(replies).toEqual([`refused ${ErrorCode.NOT_COORDINATOR}`]);
  });
});

describe('when it is loaded', () => {
  beforeEach(() => runtime.load());

  test('commands of one turn share one batch, and are answered when it is committed', async () => {
    const replies = send(add('a'), add('b'));
    await turn();
    expect(log.batches.length).toBe(1);
    expect(log.nextOffset).toBe(2);
    expect(replies).toEqual([]);
    await log.settle();
    expect(replies).toEqual(['added a', 'added b']);
  });

  test('a read sees what is written but is answered only when that is committed', async () => {
    const replies = send(add('a'));
    await turn();
    const behind = send({ do: 'read' });
    await turn();
    expect(behind).toEqual([]);
    await log.settle();
    expect([...replies, ...behind]).toEqual(['added a', 'a']);
    const later = send({ do: 'read' });
    await turn();
    expect(later).toEqual(['a']);
  });

  test('a parked reply comes with what it waits for', async () => {
    const parked = send({ do: 'wait' });
    await turn();
    expect(parked).toEqual([]);
    send(add('a'));
    await turn();
    expect(parked).toEqual([]);
    await log.settle();
    expect(parked).toEqual(['committed a']);
  });

  test('a commit that does not come in time is an error, and what follows a failure follows', async () => {
    const parked = send({ do: 'wait' });
    const replies = send(add('a'));
    await turn();
    await log.settle(ErrorCode.REQUEST_TIMED_OUT);
    expect(replies).toEqual([`refused ${ErrorCode.REQUEST_TIMED_OUT}`]);
    expect(parked).toEqual(['failed a']);
  });

  test('a log that takes nothing now refuses writes without a trace, and reads go on', async () => {
    log.refusedWith = ErrorCode.NOT_ENOUGH_REPLICAS;
    const replies = send(add('a'), { do: 'read' });
    await turn();
    expect(replies).toEqual([`refused ${ErrorCode.NOT_ENOUGH_REPLICAS}`, '']);
    expect(log.batches).toEqual([]);
  });

  test('an append that fails after all has the state built anew from the log', async () => {
    send(add('a'));
    await turn();
    await log.settle();
    const before = state;
    log.appendFailsWith = ErrorCode.KAFKA_STORAGE_ERROR;
    const replies = send(add('b'), { do: 'wait' });
    await turn();
    expect(replies).toEqual(Array(2).fill(`refused ${ErrorCode.KAFKA_STORAGE_ERROR}`));
    expect(state).not.toBe(before);
    expect(state.texts).toEqual(['a']);
    const after = send({ do: 'read' });
    await turn();
    expect(after).toEqual(['a']);
  });

  test('more records than a batch takes make several batches; a decision that fits none is refused alone', async () => {
    log.maxBatchBytes = 150;
    const replies = send(add('x'.repeat(50)), add('y'.repeat(50)), add('z'.repeat(200)));
    await turn();
    await log.settle();
    expect(log.batches.length).toBe(2);
    expect(replies.map((reply) => reply.slice(0, 8))).toEqual(['added xx', 'added yy', 'refused ']);
    expect(state.texts.length).toBe(2);
  });

  test('more commands than may queue are refused', async () => {
    const replies = send(add('a'), add('b'), add('c'), add('d'));
    await turn();
    expect(replies[3]).toBe(`refused ${ErrorCode.COORDINATOR_NOT_AVAILABLE}`);
    await log.settle();
    expect(replies[2]).toBe('added c');
  });

  test('deadlines are served in time, and again later where nothing can be written', async () => {
    send({ do: 'arm', atMs: 200 });
    await turn();
    log.refusedWith = ErrorCode.NOT_ENOUGH_REPLICAS;
    clock.advanceTo(200);
    await settled();
    expect(state.texts).toEqual([]);
    log.refusedWith = 0;
    clock.advanceTo(699);
    expect(state.texts).toEqual([]);
    clock.advanceTo(700);
    expect(state.texts).toEqual(['tick']);
    clock.advanceTo(1000);
    expect(state.texts).toEqual(['tick', 'tick']);
    expect(clock.pending).toBe(0);
  });

  test('when it is led elsewhere, whoever waits is told so and nothing happens any more', async () => {
    const parked = send({ do: 'wait' });
    const replies = send(add('a'));
    await turn();
    const queued = send(add('b'));
    runtime.close();
    await settled();
    expect([...parked, ...replies, ...queued]).toEqual(Array(3).fill(`refused ${ErrorCode.NOT_COORDINATOR}`));
    await log.settle();
    await turn();
    expect(log.batches.length).toBe(1);
    expect(clock.pending).toBe(0);
    const late = send({ do: 'read' });
    await turn();
    expect(late).toEqual([`refused ${ErrorCode.NOT_COORDINATOR}`]);
  });

  test('leadership lost under a write closes it', async () => {
    const replies = send(add('a'));
    await turn();
    await log.settle(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(replies).toEqual([`refused ${ErrorCode.NOT_COORDINATOR}`]);
  });
});
