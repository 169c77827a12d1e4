import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoordinatorWorld, type Job, ModelPartition } from './coordinator-world.test-support.ts';
import type { TransactionReply } from './replies.ts';

const PARTITIONS = 3;
const TIMEOUT_MS = 60_000;

const who = fc.nat(3);
const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('produce' as const), who, partition: fc.nat(PARTITIONS - 1) }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant('end' as const), who, committed: fc.boolean() }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant('init' as const), who, asNew: fc.boolean() }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('commit' as const) }), weight: 8 },
  { arbitrary: fc.record({ do: fc.constant('mark' as const), pick: fc.nat(20) }), weight: 6 },
  fc.record({ do: fc.constant('crash' as const), kept: fc.nat(4) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, TIMEOUT_MS / 2, TIMEOUT_MS, 8 * 86_400_000) }),
  { arbitrary: fc.record({ do: fc.constant('wear' as const) }), weight: 2 },
  fc.record({ do: fc.constant('expire' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A transaction as its producer knows it. */
interface Tag {
  readonly tag: number;
  readonly partitions: Set<number>;
  told: boolean | undefined;
}

/** A producer with the one transactional id, of either protocol: it asks for one thing at a time and repeats what was not answered. */
class Client {
  readonly version: 1 | 2;
  producerId = -1;
  producerEpoch = -1;
  /** Successful initialisations of the id at the time of its own. */
  generation = 0;
  isBusy = false;
  isDead = true;
  added = new Set<number>();
  current: Tag | undefined;
  ending: boolean | undefined;
  constructor(version: 1 | 2) {
    this.version = version;
  }
}

const retriable: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
];

class Scenario {
  readonly world = new CoordinatorWorld();
  readonly partitions = Array.from({ length: PARTITIONS }, () => new ModelPartition());
  readonly clients = [new Client(1), new Client(1), new Client(2), new Client(2)];
  readonly tags: Tag[] = [];
  generations = 0;

  run(step: Step): void {
    switch (step.do) {
      case 'init':
        this.#init(this.#client(step.who), step.asNew);
        break;
      case 'produce':
        this.#produce(this.#client(step.who), step.partition);
        break;
      case 'end':
        this.#end(this.#client(step.who), step.committed);
        break;
      case 'commit':
        this.world.commit();
        break;
      case 'mark':
        this.#mark(step.pick);
        break;
      case 'crash':
        this.world.crash(step.kept);
        break;
      case 'pass':
        this.world.pass(step.ms);
        break;
      case 'wear':
        this.#wearEpochs();
        break;
      case 'expire':
        this.world.submit({ type: 'expire' });
        break;
      default:
        step satisfies never;
    }
  }

  /** Brings the id near the end of its epochs, as years of use would. */
  #wearEpochs(): void {
    const { shard, log } = this.world;
    const transaction = shard.transaction('t');
    if (transaction?.state !== 'Empty' || this.clients.some(({ isDead, isBusy }) => !isDead || isBusy)) return;
    const value = { ...transaction, producerEpoch: 32_765 };
    log.push({ transactionalId: 't', value });
    shard.apply({ transactionalId: 't', value });
    shard.soften({ type: 'last-epoch', transactionalId: 't', producerEpoch: -1 }, this.world.now);
  }

  #client(index: number): Client {
    const client = this.clients[index];
    if (client === undefined) throw new Error('no such client');
    return client;
  }

  /** One request at a time; `done` gets its reply, `undefined` where it was lost. */
  #ask(
    client: Client,
    submit: (told: (reply: TransactionReply | 'lost') => void) => void,
    done: (reply?: TransactionReply) => void,
  ): void {
    if (client.isBusy) return;
    client.isBusy = true;
    submit((reply) => {
      client.isBusy = false;
      done(reply === 'lost' ? undefined : reply);
    });
  }

  #init(client: Client, asNew: boolean): void {
    if (!asNew && client.isDead) return;
    const { producerId, producerEpoch } = client;
    const expected = asNew ? undefined : { producerId, producerEpoch };
    // A producer that starts again is another process: nothing of the old one is left.
    if (asNew) {
      client.isDead = true;
      client.current = undefined;
      client.ending = undefined;
      client.added = new Set();
    } else if (client.current !== undefined || client.ending !== undefined) return;
    this.#ask(
      client,
      (told) =>
        this.world.submit(
          {
            type: 'init-producer-id',
            transactionalId: 't',
            timeoutMs: TIMEOUT_MS,
            expected,
            freshProducerId: undefined,
          },
          told,
        ),
      (reply) => {
        if (reply?.type !== 'producer') return;
        if (reply.errorCode === ErrorCode.NONE) {
          client.isDead = false;
          client.producerId = reply.producerId;
          client.producerEpoch = reply.producerEpoch;
          client.generation = ++this.generations;
          this.#fencedBy(client);
        } else if (!retriable.includes(reply.errorCode)) client.isDead = true;
      },
    );
  }

  /** Nobody else may have the epoch that a producer was just given. */
  #fencedBy(client: Client): void {
    const { transaction } = { transaction: this.world.shard.transaction('t') };
    const isNewest =
      transaction?.producerId === client.producerId && transaction.producerEpoch === client.producerEpoch;
    for (const other of this.clients) {
      if (other === client || !isNewest || other.isDead) continue;
      const isSame = other.producerId === client.producerId && other.producerEpoch === client.producerEpoch;
      expect(isSame, 'two producers with one epoch').toBe(false);
    }
  }

  #produce(client: Client, partition: number): void {
    if (client.isDead || client.ending !== undefined) return;
    const model = this.#partition(partition);
    const { producerId, producerEpoch } = client;
    if (model.isOpen(producerId, producerEpoch) && client.added.has(partition)) {
      this.#append(client, partition);
      return;
    }
    const asked = {
      transactionalId: 't',
      producerId,
      producerEpoch,
      partitions: [{ topic: 'a', partitionIndexes: [partition] }],
    };
    this.#ask(
      client,
      (told) => this.world.submit({ type: 'add-partitions', ...asked, clientTransactionVersion: client.version }, told),
      (reply) => {
        if (reply?.type !== 'partitions' || client.isDead) return;
        const errorCode = reply.topics[0]?.partitions[0]?.errorCode ?? -1;
        if (errorCode === ErrorCode.NONE) {
          client.added.add(partition);
          this.#verifyAndAppend(client, partition);
        } else if (!retriable.includes(errorCode)) client.isDead = true;
      },
    );
  }

  /** The leader of the partition asks before it lets a first batch of the older protocol in; the newer has just been added. */
  #verifyAndAppend(client: Client, partition: number): void {
    const { producerId, producerEpoch } = client;
    if (client.version === 2 || this.#partition(partition).isOpen(producerId, producerEpoch)) {
      this.#append(client, partition);
      return;
    }
    const partitions = [{ topic: 'a', partitionIndexes: [partition] }];
    this.#ask(
      client,
      (told) =>
        this.world.submit(
          { type: 'verify-partitions', transactionalId: 't', producerId, producerEpoch, partitions },
          told,
        ),
      (reply) => {
        if (reply?.type !== 'partitions' || client.isDead) return;
        const errorCode = reply.topics[0]?.partitions[0]?.errorCode;
        if (errorCode === ErrorCode.NONE) this.#append(client, partition);
        else if (errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS) client.isDead = true;
      },
    );
  }

  #append(client: Client, partition: number): void {
    if (client.current === undefined) {
      client.current = { tag: this.tags.length, partitions: new Set(), told: undefined };
      this.tags.push(client.current);
    }
    const { producerId, producerEpoch, current } = client;
    const errorCode = this.#partition(partition).append(producerId, producerEpoch, current.tag);
    if (errorCode === ErrorCode.NONE) current.partitions.add(partition);
    else client.isDead = true;
  }

  #end(client: Client, committed: boolean): void {
    if (client.isDead || client.isBusy) return;
    if (client.ending === undefined && client.added.size === 0) return;
    client.ending ??= committed;
    const outcome = client.ending;
    const { producerId, producerEpoch, version } = client;
    const generationAtAsking = this.generations;
    const command = { transactionalId: 't', producerId, producerEpoch, committed: outcome };
    this.#ask(
      client,
      (told) =>
        this.world.submit(
          { type: 'end', ...command, clientTransactionVersion: version, freshProducerId: undefined },
          told,
        ),
      (reply) => {
        if (reply?.type !== 'producer' || retriable.includes(reply.errorCode)) return;
        if (reply.errorCode !== ErrorCode.NONE) {
          client.isDead = true;
          return;
        }
        expect(client.generation, 'a fenced producer ended a transaction').toBe(generationAtAsking);
        if (client.current !== undefined) client.current.told = outcome;
        client.producerId = version === 2 ? reply.producerId : producerId;
        client.producerEpoch = version === 2 ? reply.producerEpoch : producerEpoch;
        client.current = undefined;
        client.ending = undefined;
        client.added = new Set();
      },
    );
  }

  #partition(index: number): ModelPartition {
    const partition = this.partitions[index];
    if (partition === undefined) throw new Error('no such partition');
    return partition;
  }

  #mark(pick: number): void {
    const jobs = [...this.world.jobs.values()];
    const job = jobs[pick % jobs.length];
    if (job !== undefined) this.#markOne(job, pick);
  }

  #markOne(job: Job, pick: number): void {
    const at = job.unmarked[pick % Math.max(1, job.unmarked.length)];
    if (at !== undefined) {
      const errorCode = this.#partition(at.partitionIndex).mark(job);
      expect(errorCode, 'a marker was fenced').toBe(ErrorCode.NONE);
      job.unmarked.splice(job.unmarked.indexOf(at), 1);
    }
    if (job.unmarked.length === 0) this.world.completed(job);
  }

  /** Time-outs pass, everything is committed and marked; what holds of the log holds of a replayed one. */
  quiesce(): void {
    const { world } = this;
    for (let round = 0; round < 4; round++) {
      world.pass(TIMEOUT_MS);
      world.commit();
      for (const job of [...world.jobs.values()]) while (world.jobs.get('t') === job) this.#markOne(job, 0);
      world.commit();
    }
  }
}

function check(scenario: Scenario): void {
  const { world, partitions, tags } = scenario;
  expect([...world.replayed().transactions()]).toEqual([...world.shard.transactions()]);
  scenario.quiesce();
  for (const partition of partitions) expect([...partition.open.keys()], 'a hanging transaction').toEqual([]);
  for (const { tag, partitions: produced, told } of tags) {
    const outcomes = new Set<boolean>();
    for (const index of produced) {
      for (const outcome of partitions[index]?.outcomes.get(tag) ?? []) outcomes.add(outcome);
    }
    expect(outcomes.size, 'one outcome for all partitions').toBe(produced.size === 0 ? 0 : 1);
    if (told !== undefined && produced.size > 0) expect([...outcomes], 'the outcome that was told').toEqual([told]);
    if (told === undefined && outcomes.has(true)) {
      // Nobody learnt of it, but somebody must have asked for it.
      expect(tags.some((each) => each.tag === tag)).toBe(true);
    }
  }
}

test('every transaction has one outcome, the one that was told, on all of its partitions; none is left hanging; old epochs are fenced', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
      const scenario = new Scenario();
      for (const each of steps) {
        scenario.run(each);
        for (const { state } of scenario.world.shard.transactions()) reached.add(state);
      }
      check(scenario);
      for (const { told } of scenario.tags) reached.add(`told ${told}`);
    }),
    { numRuns: 4000 },
  );
  expect([...reached].sort()).toEqual([
    ...['CompleteAbort', 'CompleteCommit', 'Empty', 'Ongoing', 'PrepareAbort', 'PrepareCommit'],
    ...['told false', 'told true', 'told undefined'],
  ]);
});
