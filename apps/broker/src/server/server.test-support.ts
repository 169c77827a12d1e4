import type { BrokerServices } from '../handlers/broker-services.ts';
import { advertisedApis } from '../handlers/advertise.ts';
import type { Handler } from '../handlers/handler.ts';
import type { LogFields, Logger } from '../ports/logger.ts';
import type { Random } from '../ports/random.ts';
import { SimClock } from '../sim/sim-clock.ts';
import { SimNetwork, type SimNetworkFaults, type SimSocket } from '../sim/sim-network.ts';
import { BrokerServer, type ServerLimits } from './broker-server.ts';
import { unlimitedConnections } from './connection-gate.ts';
import { silentMetrics } from '../silent-metrics.ts';
import { Dispatcher } from './dispatch.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { MemorySource } from './request-memory.ts';

export const testLimits: ServerLimits = {
  requestBytesMax: 10_000_000,
  inFlightMax: 50,
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

/** Chance from a seed, for tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    int: (bound) => next() % bound,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
    uuid: () => `uuid-${next()}`,
  };
}

/** Memory that is filled with 0xDD when it is given back, and counted. */
export class PoisonedMemory implements MemorySource {
  heldBytes = 0;

  reserve(sizeBytes: number) {
    const bytes = new Uint8Array(sizeBytes);
    this.heldBytes += sizeBytes;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) throw new Error('memory was released twice');
      isHeld = false;
      this.heldBytes -= sizeBytes;
      bytes.fill(0xdd);
    };
    return { bytes, release };
  }
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A server in simulated time over a simulated network. */
export interface SimServer {
  readonly clock: SimClock;
  readonly network: SimNetwork;
  readonly server: BrokerServer;
  readonly memory: PoisonedMemory;
  readonly lines: LogLine[];
  readonly port: number;
}

export async function startSimServer(options: {
  readonly seed: number;
  readonly handlers: readonly Handler[];
  readonly limits?: Partial<ServerLimits>;
  readonly faults?: SimNetworkFaults;
  readonly isFull?: () => boolean;
}): Promise<SimServer> {
  const clock = new SimClock();
  const random = seededRandom(options.seed);
  const network = new SimNetwork({ clock, random, ...(options.faults ? { faults: options.faults } : {}) });
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, message, fields });
  const logger: Logger = {
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  const { handlers } = options;
  // The handlers of these tests use nothing of the broker beyond this.
  const services = {
    nodeId: 1,
    clusterId: 'c',
    clock,
    logger,
    apis: advertisedApis(handlers),
  } as unknown as BrokerServices;
  const memory = new PoisonedMemory();
  const server = new BrokerServer({
    network,
    clock,
    logger,
    dispatcher: new Dispatcher(handlers, services, () => true, createRequestMetrics(silentMetrics)),
    limits: { ...testLimits, ...options.limits },
    memory,
    isFull: options.isFull ?? (() => false),
  });
  const { port } = await server.listen({ name: 'PLAINTEXT', host: '', port: 0 });
  return { clock, network, server, memory, lines, port };
}

/** A simulated client that cuts what it receives into frames. */
export class SimClient {
  readonly frames: Uint8Array[] = [];
  readonly socket: SimSocket;
  isClosed = false;
  #bytes = new Uint8Array(0);

  constructor({ network, port }: SimServer) {
    this.socket = network.connectClient(port, {
      received: (bytes) => this.#received(bytes),
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  #received(bytes: Uint8Array): void {
    let all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    for (;;) {
      const size = all.length >= 4 ? new DataView(all.buffer, all.byteOffset).getInt32(0) : Number.POSITIVE_INFINITY;
      if (all.length < 4 + size) break;
      this.frames.push(all.slice(4, 4 + size));
      all = all.subarray(4 + size);
    }
    this.#bytes = all;
  }
}
