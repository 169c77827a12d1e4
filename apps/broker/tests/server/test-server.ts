import { ApiVersions, Fetch, Heartbeat, Produce } from '@ks/protocol';
import { createNodeClock } from '../../src/adapters/node-clock.ts';
import { type AcceptMode, createTcpNetwork } from '../../src/adapters/tcp-network.ts';
import { brokerConfigOf } from '../../src/config/broker-config.ts';
import { advertisedApis } from '../../src/handlers/advertise.ts';
import { apiVersions } from '../../src/handlers/api-versions.ts';
import { emptyClusterImage } from '../../src/core/metadata/image.ts';
import type { BrokerServices } from '../../src/handlers/broker-services.ts';
import { CloseConnection, type Handler, handler } from '../../src/handlers/handler.ts';
import type { LogFields, Logger } from '../../src/ports/logger.ts';
import type { FilePart, MemoryPart } from '../../src/ports/wire-part.ts';
import { BrokerServer, type ServerLimits } from '../../src/server/broker-server.ts';
import { unlimitedConnections } from '../../src/server/connection-gate.ts';
import { Dispatcher } from '../../src/server/dispatch.ts';
import { heapMemory } from '../../src/server/request-memory.ts';
import { createRequestMetrics } from '../../src/server/request-metrics.ts';
import { silentMetrics } from '../../src/silent-metrics.ts';

export { ApiVersions, Fetch, Heartbeat, Produce };

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A promise with its ends. */
export interface Gate {
  readonly promise: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

/** What the handlers of the test server do and have seen. */
export interface Script {
  /** Ids in the order in which requests were admitted. */
  readonly admitted: number[];
  /** Gates by member id: `park` waits after admission, `exclusive` holds the connection. */
  readonly gates: Map<string, Gate>;
  /** Parts given out and not released. */
  held: number;
  released: number;
  aborted: number;
}

/** How `fetch` is asked for its records: the topic says from where, maxBytes how many. */
export type Source = 'memory' | 'file' | 'broken-file';

const pattern = Uint8Array.from({ length: 1024 }, (_, at) => at % 251);

export function patternAt(at: number): number {
  return pattern[at % pattern.length] ?? 0;
}

function fill(into: Uint8Array, from: number): void {
  for (let at = 0; at < into.length; at++) into[at] = patternAt(from + at);
}

function part(script: Script, source: Source, sizeBytes: number): MemoryPart | FilePart {
  script.held += 1;
  let isReleased = false;
  const release = (): void => {
    if (isReleased) throw new Error('released twice');
    isReleased = true;
    script.held -= 1;
    script.released += 1;
  };
  if (source === 'memory') {
    const bytes = new Uint8Array(sizeBytes);
    fill(bytes, 0);
    const middle = Math.floor(sizeBytes / 3);
    return { kind: 'memory', sizeBytes, views: [bytes.subarray(0, middle), bytes.subarray(middle)], release };
  }
  const read = async (into: Uint8Array, at: number): Promise<void> => {
    if (source === 'broken-file' && at > 0) throw new Error('the file is gone');
    await new Promise((resolve) => setImmediate(resolve));
    fill(into, at);
  };
  return { kind: 'file', sizeBytes, read, release };
}

function scriptedHandlers(script: Script): readonly Handler[] {
  const gateOf = (name: string): Gate => {
    const found = script.gates.get(name);
    if (found === undefined) throw new Error(`no gate ${name}`);
    return found;
  };
  /** The generation comes back as the error code; the member says what happens. */
  const heartbeat = handler(Heartbeat, {}, (_broker, { generationId, memberId }, context) => {
    script.admitted.push(generationId);
    context.signal.addEventListener('abort', () => {
      script.aborted += 1;
    });
    const body = { errorCode: generationId };
    if (memberId === 'throw') throw new Error('a bug');
    if (memberId === 'close') throw new CloseConnection('asked to');
    if (memberId === 'reject') return Promise.reject(new Error('a late bug'));
    if (memberId.startsWith('park')) return gateOf(memberId).promise.then(() => body);
    if (memberId.startsWith('exclusive')) return context.exclusive(gateOf(memberId).promise).then(() => body);
    return body;
  });
  /** Answers the number of bytes and their sum; nothing for acks 0. */
  const produce = handler(Produce, { versions: [3, 13], borrowsBytes: true }, (_broker, request) => {
    if (request.acks === 0) return undefined;
    return {
      responses: request.topicData.map(({ name, partitionData }) => ({
        name,
        partitionResponses: partitionData.map(({ index, records }) => ({
          index,
          errorCode: 0,
          baseOffset: records?.length ?? -1,
          logAppendTimeMs: records?.reduce((sum, byte) => sum + byte, 0) ?? -1,
        })),
      })),
    };
  });
  const fetch = handler(Fetch, { versions: [4, 12], inFlightMax: 4 }, async (_broker, request) => {
    await new Promise((resolve) => setImmediate(resolve));
    return {
      responses: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, partitionMaxBytes }) => ({
          partitionIndex: partition,
          errorCode: 0,
          highWatermark: 0,
          records: part(script, topic as Source, partitionMaxBytes),
        })),
      })),
    };
  });
  return [apiVersions, heartbeat, produce, fetch];
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: BrokerServer;
  readonly script: Script;
  readonly lines: LogLine[];
  isFull: boolean;
}

export const defaultLimits: ServerLimits = {
  requestBytesMax: 104_857_600,
  inFlightMax: 500,
  unsentBytesMax: 1_048_576,
  idleMs: 600_000,
  slowReaderMs: 30_000,
  stalledMs: 5_000,
  ...unlimitedConnections,
  connectionsMax: 1000,
  connectionsPerIpMax: 1000,
  unsentInAllMax: 67_108_864,
  queuedBytesMax: 134_217_728,
};

function recorder(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, message, fields });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}

/** A server over real sockets whose handlers do what the test says. */
export async function startServer(accept: AcceptMode, limits: Partial<ServerLimits> = {}): Promise<TestServer> {
  const script: Script = { admitted: [], gates: new Map(), held: 0, released: 0, aborted: 0 };
  const lines: LogLine[] = [];
  const logger = recorder(lines);
  const clock = createNodeClock();
  const handlers = scriptedHandlers(script);
  const { config } = brokerConfigOf(new Map());
  // The scripted handlers use nothing of the broker beyond this.
  const services = {
    nodeId: 1,
    clusterId: 'c',
    config,
    clock,
    logger,
    metadata: { image: () => emptyClusterImage },
    apis: advertisedApis(handlers),
  } as BrokerServices;
  const pressure = { isFull: false };
  const server = new BrokerServer({
    network: createTcpNetwork({ accept }),
    clock,
    logger,
    dispatcher: new Dispatcher(handlers, services, () => true, createRequestMetrics(silentMetrics)),
    limits: { ...defaultLimits, ...limits },
    memory: { reserve: (sizeBytes) => heapMemory(sizeBytes) },
    isFull: () => pressure.isFull,
  });
  const { port } = await server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 });
  return {
    port,
    server,
    script,
    lines,
    get isFull() {
      return pressure.isFull;
    },
    set isFull(value) {
      pressure.isFull = value;
    },
    async [Symbol.asyncDispose]() {
      await server.quiesce();
      server.close();
    },
  };
}

/** Waits until `condition` holds; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
