import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  type AnyApi,
  type Api,
  EndTxn,
  ErrorCode,
  FindCoordinator,
  InitProducerId,
  OffsetFetch,
  Produce,
  type RequestInput,
  type ResponseOf,
} from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import type { ProgramClient } from '../workload/program-client.ts';
import type { ClusterClient } from './cluster-client.ts';

type ProduceInput = RequestInput<typeof Produce>;
type ProduceAnswer = ResponseOf<typeof Produce>;

/** Of a request that goes to a coordinator. */
interface Coordinated {
  readonly groupId?: string;
  readonly transactionalId?: string | null;
  readonly v3AndBelowTransactionalId?: string;
  readonly groups?: readonly { readonly groupId: string }[];
}

const TO_TRANSACTION_COORDINATOR: ReadonlySet<AnyApi> = new Set<AnyApi>([
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  EndTxn,
  InitProducerId,
]);
/** After these somebody else has to be asked. */
const MOVED: readonly number[] = [
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
];

/** What is under way to one partition. */
interface Lane {
  underWay: number;
  leader: SimClient | undefined;
  connection: string | undefined;
  /** Something was not sent, or not taken: nothing more goes out before the program connects anew. */
  isBroken: boolean;
}

/** A program's view of a cluster as one connection: each request goes to whoever leads, or coordinates, what it is about. */
export class RoutedClient implements ProgramClient {
  readonly name: string;
  readonly life = 0;
  connectionNumber = 0;
  readonly #client: ClusterClient;
  readonly #partitionOf: (topic: string, topicId: string, index: number) => PartitionHistory | undefined;
  #some: SimClient | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  /** By partition: what is under way on which connection. What comes after a batch that failed must not overtake its next try. */
  readonly #lanes = new Map<PartitionHistory, Lane>();

  constructor(
    client: ClusterClient,
    partitionOf: (topic: string, topicId: string, index: number) => PartitionHistory | undefined,
  ) {
    this.name = client.name;
    this.#client = client;
    this.#partitionOf = partitionOf;
  }

  get isConnected(): boolean {
    return this.#some !== undefined;
  }

  async connect(): Promise<boolean> {
    this.connectionNumber += 1;
    this.#lanes.clear();
    this.#some = await this.#client.toAny();
    return this.#some !== undefined;
  }

  version(api: AnyApi, min?: number, max?: number): number | undefined {
    return this.#some?.version(api, min, max);
  }

  close(): void {
    this.#some = undefined;
    this.#client.forget();
    this.#client.close();
  }

  async request<In, Out, ResIn, ResOut>(
    api: Api<In, Out, ResIn, ResOut>,
    version: number,
    body: In,
  ): Promise<ResOut | undefined> {
    // The one place where the message types are forgotten: both sides of a Produce are a Produce.
    if ((api as AnyApi) === Produce) return this.#produce(version, body as ProduceInput) as Promise<ResOut | undefined>;
    const client = await this.#clientFor(api, body as Coordinated);
    if (client === undefined) {
      this.#client.forget();
      return undefined;
    }
    // A coordinator that was deposed and cannot know it tells old offsets, as in Kafka: nobody is told of such an answer.
    const mayBeStale = (api as AnyApi) === OffsetFetch && !this.#client.isGroupCoordinator(client);
    const answer = await this.#client.within(client, () => client.request(api, version, body));
    if (mayBeStale) {
      this.#client.forget();
      return undefined;
    }
    if (answer === undefined || errorCodesOf(answer).some((code) => MOVED.includes(code))) this.#client.forget();
    return answer;
  }

  #clientFor(api: AnyApi, body: Coordinated): Promise<SimClient | undefined> {
    if (api === FindCoordinator) return this.#client.toAny();
    const transactionalId = body.transactionalId ?? body.v3AndBelowTransactionalId;
    if (TO_TRANSACTION_COORDINATOR.has(api)) {
      if (transactionalId == null) return this.#client.toAny();
      return this.#client.toCoordinator('transaction', transactionalId);
    }
    const groupId = body.groupId || body.groups?.[0]?.groupId;
    return groupId === undefined ? this.#client.toAny() : this.#client.toCoordinator('group', groupId);
  }

  /** Each partition's part goes to its leader; those that are not answered are said to have timed out. */
  async #produce(version: number, body: ProduceInput): Promise<ProduceAnswer | undefined> {
    // Who sends in transactions waits for every answer: nothing can overtake.
    if (body.transactionalId != null) for (const lane of this.#lanes.values()) lane.isBroken = false;
    const topics = body.topicData.map((topic) => ({
      topic,
      answers: topic.partitionData.map(async (partition) => {
        const part: ProduceInput = { ...body, topicData: [{ ...topic, partitionData: [partition] }] };
        const known = this.#partitionOf(topic.name ?? '', topic.topicId ?? '', partition.index);
        const send = async (client: SimClient) => {
          const answer = await this.#client.within(client, () => client.request(Produce, version, part));
          return answer?.responses[0]?.partitionResponses[0];
        };
        const result = known && (await this.#inLane(known, send));
        if (result === undefined || MOVED.includes(result.errorCode)) this.#client.forget();
        return result ?? { ...unanswered, index: partition.index };
      }),
    }));
    const responses = [];
    for (const { topic, answers } of topics) {
      const { name = '', topicId = '' } = topic;
      responses.push({ name, topicId, partitionResponses: await Promise.all(answers) });
    }
    return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  }

  /** Finds the leader and sends, one after the other: what was asked for first leaves first, on the same connection. */
  async #inLane<Result extends { readonly errorCode: number }>(
    partition: PartitionHistory,
    send: (leader: SimClient) => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const lane = this.#laneOf(partition);
    const turn = this.#lastTurn.then(async () => {
      const leader = await this.#client.toLeader(partition);
      const connection = leader && `${leader.life} ${leader.connectionNumber}`;
      const isOther = lane.underWay > 0 && (lane.leader !== leader || lane.connection !== connection);
      if (leader === undefined || lane.isBroken || isOther) return { sent: undefined };
      lane.leader = leader;
      lane.connection = connection;
      lane.underWay += 1;
      return { sent: send(leader) };
    });
    this.#lastTurn = turn;
    const { sent } = await turn;
    const result = await sent;
    if (sent !== undefined) lane.underWay -= 1;
    if (result?.errorCode !== ErrorCode.NONE) lane.isBroken = true;
    return result;
  }

  #laneOf(partition: PartitionHistory): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = { underWay: 0, leader: undefined, connection: undefined, isBroken: false };
      this.#lanes.set(partition, lane);
    }
    return lane;
  }
}

const unanswered = {
  ...{ errorCode: ErrorCode.REQUEST_TIMED_OUT, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 },
  ...{ recordErrors: [], errorMessage: null, currentLeader: { leaderId: -1, leaderEpoch: -1 } },
};

/** Every error code in an answer, however deep. */
function errorCodesOf(answer: unknown): readonly number[] {
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer)) return [];
  return Object.entries(answer).flatMap(([key, value]) =>
    key === 'errorCode' || key === 'partitionErrorCode' ? [Number(value)] : errorCodesOf(value),
  );
}
