import { ErrorCode, errorByCode } from '@ks/protocol';

/** Failures that no broker reported: their codes lie below those of the protocol. */
export const ClientErrorCode = {
  /** The client, producer or consumer was closed. */
  CLOSED: -1001,
  /** The caller's AbortSignal fired. */
  ABORTED: -1002,
  /** A key or value that its schema or codec refuses. */
  INVALID_DATA: -1003,
  /** A call that cannot be meant: a bad option, an unknown partition, a second read at once. */
  INVALID_ARGUMENT: -1004,
  /** Something took longer than the time that its caller set. */
  TIMED_OUT: -1005,
  /** No TLS connection: a certificate that cannot be verified, one that the broker refuses, or no TLS at that port. */
  TLS_FAILED: -1006,
  /** Records that were read are in the log no more: an unclean election has cut it (KIP-320). */
  LOG_TRUNCATED: -1008,
  /** A schema registry that cannot be reached, or refuses: a `SchemaRegistryError`, or an error with one as its cause. */
  SCHEMA_REGISTRY: -1010,
} as const;

const clientErrorNames: ReadonlyMap<number, string> = new Map(
  Object.entries(ClientErrorCode).map(([name, code]) => [code, name]),
);

/** What an error is about. */
export interface KafkaErrorDetails {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
  /** The broker, as `host:port` or `host:port (id n)`. */
  readonly broker?: string | undefined;
  /** Where it is not what the code says. */
  readonly retriable?: boolean | undefined;
  readonly cause?: unknown;
}

/** Every failure of this client. Compare `code` (with `ErrorCode` or `ClientErrorCode`) or `name`, never the message. */
export class KafkaError extends Error {
  /** Kafka's error code, or one of `ClientErrorCode`. */
  readonly code: number;
  /** The code's name, as `NOT_LEADER_OR_FOLLOWER`. */
  override readonly name: string;
  /** Whether the same call may succeed later. What the client itself can retry it has retried already. */
  readonly retriable: boolean;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  readonly broker: string | undefined;

  constructor(code: number, message: string, details: KafkaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.name = clientErrorNames.get(code) ?? errorByCode(code).name;
    this.retriable = details.retriable ?? (clientErrorNames.has(code) ? false : errorByCode(code).retriable);
    this.topic = details.topic;
    this.partition = details.partition;
    this.offset = details.offset;
    this.broker = details.broker;
  }
}

/** The error for a code that a broker answered; `said` is the broker's own message, where it gave one. */
export function errorFromCode(code: number, said: string | null | undefined, details: KafkaErrorDetails): KafkaError {
  const known = errorByCode(code);
  const about =
    details.topic === undefined
      ? ''
      : `${details.topic}${details.partition === undefined ? '' : `-${details.partition}`}: `;
  return new KafkaError(code, `${about}${said ?? known.message}`, details);
}

/** Whether the metadata that led to this error may be stale. */
export function isMetadataStale(code: number): boolean {
  return (
    errorByCode(code).refreshMetadata || code === ErrorCode.NETWORK_EXCEPTION || code === ErrorCode.REQUEST_TIMED_OUT
  );
}

const refusalCodes: readonly number[] = [
  ErrorCode.SASL_AUTHENTICATION_FAILED,
  ErrorCode.UNSUPPORTED_SASL_MECHANISM,
  ErrorCode.ILLEGAL_SASL_STATE,
  ClientErrorCode.TLS_FAILED,
];

/** Whether a broker and this client refuse each other: no other broker and no later attempt would change it. */
export function isRefusal(error: unknown): error is KafkaError {
  return error instanceof KafkaError && !error.retriable && refusalCodes.includes(error.code);
}

/** Any thrown value as a `KafkaError`. */
export function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, message, { cause: error });
}
