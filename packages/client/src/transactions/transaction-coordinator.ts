import { type Api, ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { findCoordinator } from '../groups/coordinator.ts';
import { asKafkaError, errorFromCode, isMetadataStale, KafkaError } from '../kafka-error.ts';
import type { BodyOf, BrokerConnection } from '../network/broker-connection.ts';

export interface CoordinatorCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** Whoever else came with this transactional id has taken the place of this producer; brokers before 2.5 say it the second way. */
const fencedCodes: readonly number[] = [ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH];

/** Requests to the broker that coordinates a transactional id, or a group: found anew after each failure, and tried again in time. */
export class CoordinatorCalls {
  readonly #cluster: Cluster;
  readonly #key: string;
  readonly #what: 'group' | 'transactional id';
  #nodeId: number | undefined;

  constructor(cluster: Cluster, key: string, what: 'group' | 'transactional id') {
    this.#cluster = cluster;
    this.#key = key;
    this.#what = what;
  }

  /** The connection to the coordinator. */
  async connection(signal?: AbortSignal): Promise<BrokerConnection> {
    this.#nodeId ??= await findCoordinator(this.#cluster, this.#key, signal, this.#what);
    return this.#cluster.connectionTo(this.#nodeId, undefined, signal);
  }

  /** Sends a request until `failureOf` its answer is none, or is not worth trying again. */
  call<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: BodyOf<ReqIn>,
    failureOf: (answer: ResOut) => KafkaError | undefined,
    { signal, timeoutMs, atLeast, atMost }: CoordinatorCallOptions = {},
  ): Promise<ResOut> {
    const once = async (): Promise<ResOut> => {
      try {
        const connection = await this.connection(signal);
        const limits = { timeoutMs: this.#cluster.options.requestTimeoutMs, signal, atLeast, atMost };
        const answer = await connection.call(api, body, limits);
        const failure = failureOf(answer);
        if (failure !== undefined) throw failure;
        return answer;
      } catch (error) {
        if (hasMoved(asKafkaError(error))) this.#nodeId = undefined;
        throw error;
      }
    };
    return this.#cluster.retrying(once, { signal, timeoutMs });
  }
}

function hasMoved({ code }: KafkaError): boolean {
  return (
    code === ErrorCode.NOT_COORDINATOR ||
    code === ErrorCode.COORDINATOR_NOT_AVAILABLE ||
    code === ErrorCode.BROKER_NOT_AVAILABLE ||
    isMetadataStale(code)
  );
}

/** The error of an answer's code in a transaction. */
export function transactionError(
  code: number,
  transactionalId: string,
  details: { readonly topic?: string; readonly partition?: number } = {},
): KafkaError | undefined {
  if (code === ErrorCode.NONE) return undefined;
  if (!fencedCodes.includes(code)) return errorFromCode(code, undefined, details);
  const message = `the transactional id ${transactionalId} has a newer producer, or this one's transaction took longer than its transactionTimeoutMs: close this producer and make a new one`;
  return new KafkaError(ErrorCode.PRODUCER_FENCED, message, { ...details, retriable: false });
}

/** Whether no transaction of this producer can succeed any more. */
export function isFatal({ code }: KafkaError): boolean {
  return (
    code === ErrorCode.PRODUCER_FENCED ||
    code === ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
    code === ErrorCode.UNSUPPORTED_VERSION ||
    code === ErrorCode.INVALID_TRANSACTION_TIMEOUT
  );
}
