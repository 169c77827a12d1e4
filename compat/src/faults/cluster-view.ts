import { Connection, listOffsetsV8, metadataV12 } from '@platformatic/kafka';

/** One partition as a broker tells of it. */
export interface PartitionView {
  /** `topic-partition`. */
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  /** -1: none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** A connection to one broker, made anew whenever it is gone. */
export class BrokerView {
  readonly #host: string;
  readonly #port: number;
  #connection: Connection | undefined;

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.#host = host;
    this.#port = Number(port);
  }

  /** All partitions as this broker knows them; undefined where it does not answer within two seconds. */
  partitions(): Promise<readonly PartitionView[] | undefined> {
    return this.#ask(async (connection) => {
      const { topics } = await metadataV12.api.async(connection, null, false, false);
      return topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => ({
          name: `${name}-${each.partitionIndex}`,
          topic: name ?? '',
          partition: each.partitionIndex,
          leader: each.leaderId,
          leaderEpoch: each.leaderEpoch,
          replicas: each.replicaNodes,
          isr: each.isrNodes,
        })),
      );
    });
  }

  /** The high watermark of those partitions that it says to lead, by name. */
  async highWatermarks(of: readonly PartitionView[]): Promise<ReadonlyMap<string, number>> {
    const byTopic = Map.groupBy(of, ({ topic }) => topic);
    const asked = [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: -1n,
      })),
    }));
    const found = new Map<string, number>();
    await this.#ask(async (connection) => {
      // An error for one partition of the answer rejects the whole: then nothing was told.
      const { topics } = await listOffsetsV8.api.async(connection, -1, 0, asked);
      for (const { name, partitions } of topics)
        for (const each of partitions) found.set(`${name}-${each.partitionIndex}`, Number(each.offset));
    });
    return found;
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => undefined);
    this.#connection = undefined;
  }

  async #ask<T>(question: (connection: Connection) => Promise<T>): Promise<T | undefined> {
    try {
      this.#connection ??= await this.#connect();
      return await question(this.#connection);
    } catch {
      void this.close();
      return undefined;
    }
  }

  async #connect(): Promise<Connection> {
    const connection = new Connection('view', { connectTimeout: 1000, requestTimeout: 2000 });
    connection.on('error', () => undefined);
    await connection.connect(this.#host, this.#port);
    return connection;
  }
}
