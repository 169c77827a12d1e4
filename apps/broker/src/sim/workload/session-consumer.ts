import { ErrorCode, Fetch } from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import { keepWorking, pick, type Stage } from './actor.ts';
import { type Asked, ask, checkAnswer, toldOf, topicsOf } from './consumer.ts';

/** KIP-227: from here on a fetch may be a part of a session. */
const SESSIONS_SINCE = 7;
/** Answers of one session that may leave a partition out although it has records for the reader. */
const OMISSIONS_MAX = 100;

/** What the broker and the reader both remember: only what changes is asked and told. */
interface Session {
  readonly sessionId: number;
  epoch: number;
  readonly version: number;
  readonly connection: number;
  /** The fetch offset that the broker knows of each partition. */
  readonly known: Map<PartitionHistory, number>;
}

/** A program that reads in incremental fetch sessions, and must not miss anything by it. */
export function consumeInSession(stage: Stage, client: SimClient): Promise<void> {
  return new SessionConsumer(stage, client).run();
}

class SessionConsumer {
  readonly #stage: Stage;
  readonly #client: SimClient;
  readonly #positions = new Map<PartitionHistory, number>();
  readonly #omissions = new Map<PartitionHistory, number>();
  #session: Session | undefined;

  constructor(stage: Stage, client: SimClient) {
    this.#stage = stage;
    this.#client = client;
  }

  run(): Promise<void> {
    return keepWorking(this.#stage, this.#client, async () => {
      this.#choose();
      if (this.#session?.connection !== this.#client.connectionNumber || this.#stage.random.chance(0.02)) {
        this.#session = undefined;
      }
      if (this.#positions.size > 0) await this.#fetch();
    });
  }

  /** Takes partitions up, and now and then one out. */
  #choose(): void {
    const { random, history } = this.#stage;
    const partition = pick(random, history.partitions());
    if (partition === undefined) return;
    if (!this.#positions.has(partition) && !partition.isDoomed)
      this.#positions.set(partition, partition.logStartOffset);
    else if (random.chance(0.05)) this.#positions.delete(partition);
    for (const each of this.#positions.keys()) if (each.isDoomed) this.#positions.delete(each);
  }

  async #fetch(): Promise<void> {
    const { random, history, note } = this.#stage;
    const session = this.#session;
    const version = session?.version ?? this.#client.version(Fetch, SESSIONS_SINCE);
    if (version === undefined) throw new Error('Fetch is not advertised');
    const asked = [...this.#positions].map(([partition, offset]) => ask(partition, offset));
    const news = asked.filter(({ partition, fetchOffset }) => session?.known.get(partition) !== fetchOffset);
    const gone = [...(session?.known.keys() ?? [])].filter((partition) => !this.#positions.has(partition));
    const { life, connectionNumber: connection } = this.#client;
    note(
      `${this.#client.name} fetches in session ${session?.sessionId} epoch ${session?.epoch}, ${news.length} changed`,
    );
    history.count('session fetches');
    const answer = await this.#client.request(Fetch, version, {
      maxWaitMs: random.int(300),
      minBytes: 1,
      maxBytes: 1000 + random.int(100_000),
      sessionId: session?.sessionId ?? 0,
      sessionEpoch: session?.epoch ?? 0,
      topics: topicsOf(news, version, 50_000),
      forgottenTopicsData: gone.map(({ topic, topicId, index }) => ({
        ...(version >= 13 ? { topic: '', topicId } : { topic }),
        partitions: [index],
      })),
    });
    if (answer === undefined) return;
    if (answer.errorCode !== 0) {
      history.count(`session error ${answer.errorCode}`);
      this.#refused(answer.errorCode);
      return;
    }
    this.#session = nextSession(session, { sessionId: answer.sessionId, version, connection }, news, gone);
    for (const each of asked) {
      const told = toldOf(answer, each, version);
      if (told === undefined) this.#omitted(each, session !== undefined);
      else {
        this.#omissions.delete(each.partition);
        const by = { client: this.#client, life, version, isolationLevel: 0 };
        this.#positions.set(each.partition, await checkAnswer(this.#stage, each, told, by));
      }
    }
  }

  #refused(errorCode: number): void {
    this.#session = undefined;
    const isKnown =
      errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ||
      errorCode === ErrorCode.INVALID_FETCH_SESSION_EPOCH ||
      errorCode === ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    if (!isKnown) this.#stage.history.violate(`${this.#client.name}: a fetch in a session met error ${errorCode}`);
  }

  /** A session tells only what has changed; records that are there have to come before long. */
  #omitted({ partition, fetchOffset, highWatermark }: Asked, isInSession: boolean): void {
    const { history } = this.#stage;
    if (!isInSession) history.violate(`${partition.name}: a full fetch leaves it out`);
    const count = fetchOffset < highWatermark ? (this.#omissions.get(partition) ?? 0) + 1 : 0;
    this.#omissions.set(partition, count);
    if (count > OMISSIONS_MAX && !partition.isDoomed) {
      history.violate(
        `${partition.name}: ${count} fetches in a session leave it out at ${fetchOffset} of ${highWatermark}`,
      );
    }
  }
}

function nextSession(
  session: Session | undefined,
  answer: { readonly sessionId: number; readonly version: number; readonly connection: number },
  news: readonly Asked[],
  gone: readonly PartitionHistory[],
): Session | undefined {
  // The broker has no slot left: the next fetch is full again.
  if (answer.sessionId === 0) return undefined;
  const next = session ?? { ...answer, epoch: 0, known: new Map<PartitionHistory, number>() };
  next.epoch += 1;
  for (const partition of gone) next.known.delete(partition);
  for (const { partition, fetchOffset } of news) next.known.set(partition, fetchOffset);
  return next;
}
