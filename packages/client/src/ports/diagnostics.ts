import type { KafkaError } from '../kafka-error.ts';

/** Where one kind of event is told. Nothing is made of an event that nobody listens to. */
export interface Channel<Event> {
  readonly hasSubscribers: boolean;
  publish(event: Event): void;
}

/** What a client tells of its work as it goes on. Times are in milliseconds. */
export interface Diagnostics {
  /** A connection stands, authenticated, or could not be made. */
  readonly connect: Channel<ConnectEvent>;
  /** A connection is gone. */
  readonly disconnect: Channel<DisconnectEvent>;
  /** A request was answered, or failed. Not Produce with acks 0. */
  readonly request: Channel<RequestEvent>;
  /** A broker has told the client to send less. */
  readonly throttle: Channel<ThrottleEvent>;
  /** A batch was taken by its broker, or was given up. */
  readonly produce: Channel<ProduceEvent>;
  /** Batches of a partition have arrived. */
  readonly fetch: Channel<FetchEvent>;
  /** A reader has been handed a batch, and is done with it or, in `run`, has begun all of it. */
  readonly consume: Channel<ConsumeEvent>;
  /** A consumer has partitions besides, or some no more, whatever the reason. */
  readonly assignment: Channel<AssignmentEvent>;
  /** A group has given partitions to a member, or taken them. */
  readonly rebalance: Channel<RebalanceEvent>;
  /** A group's offsets were committed outside of a transaction, or were not. */
  readonly commit: Channel<CommitEvent>;
  /** Something has failed, and will be tried again. */
  readonly retry: Channel<RetryEvent>;
}

export interface ClientEvent {
  readonly clientId: string;
}

export interface ConnectEvent extends ClientEvent {
  /** As in errors: `host:port`, with ` (id n)` once that is known. */
  readonly broker: string;
  /** `control`, `produce`, or the consumer's name. */
  readonly channel: string;
  readonly durationMs: number;
  readonly error: KafkaError | undefined;
}

export interface DisconnectEvent extends ClientEvent {
  readonly broker: string;
  readonly channel: string;
  /** CLOSED where the client closed it. */
  readonly error: KafkaError | undefined;
}

export interface RequestEvent extends ClientEvent {
  readonly broker: string;
  /** Kafka's name of it. */
  readonly api: string;
  readonly version: number;
  readonly durationMs: number;
  /** 0 where none came. */
  readonly responseBytes: number;
  readonly error: KafkaError | undefined;
}

export interface ThrottleEvent extends ClientEvent {
  readonly broker: string;
  readonly api: string;
  readonly throttleTimeMs: number;
}

export interface ProduceEvent extends ClientEvent {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** Before compression. */
  readonly bytes: number;
  /** From when its first record was added. */
  readonly durationMs: number;
  readonly attempts: number;
  /** -1 with acks 0, and with an error. */
  readonly baseOffset: number;
  readonly error: KafkaError | undefined;
}

export interface ConsumerEvent extends ClientEvent {
  /** Which of the client's consumers: `consumer-1` is its first. */
  readonly consumer: string;
  /** Undefined where partitions are assigned by hand. */
  readonly group: string | undefined;
}

export interface FetchEvent extends ConsumerEvent {
  readonly topic: string;
  readonly partition: number;
  readonly batches: number;
  readonly records: number;
  /** As they came, compressed or not. */
  readonly bytes: number;
}

export interface ConsumeEvent extends ConsumerEvent {
  readonly topic: string;
  readonly partition: number;
  /** Of the whole batch, also where the reader wanted a part of it. */
  readonly records: number;
  readonly bytes: number;
  /** The offset of the next record. */
  readonly position: number;
  /** Offsets between that and the partition's end, as far as the last fetch told: -1 where it did not. */
  readonly lag: number;
}

export interface AssignmentEvent extends ConsumerEvent {
  readonly added: readonly PartitionName[];
  readonly removed: readonly PartitionName[];
  /** How many the consumer has now. */
  readonly partitions: number;
}

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface RebalanceEvent extends ConsumerEvent {
  /** `lost`: others may read them already. */
  readonly kind: 'assigned' | 'revoked' | 'lost';
  readonly partitions: readonly PartitionName[];
}

export interface CommitEvent extends ConsumerEvent {
  readonly offsets: readonly (PartitionName & { readonly offset: number })[];
  readonly durationMs: number;
  readonly error: KafkaError | undefined;
}

export interface RetryEvent extends ClientEvent {
  /** `call`: a lookup, an admin call, or one of a coordinator. */
  readonly operation: 'call' | 'produce' | 'fetch';
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  /** Failures so far. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: KafkaError;
}

const nobody: Channel<unknown> = { hasSubscribers: false, publish() {} };

/** Tells nobody. */
export const silentDiagnostics: Diagnostics = {
  connect: nobody,
  disconnect: nobody,
  request: nobody,
  throttle: nobody,
  produce: nobody,
  fetch: nobody,
  consume: nobody,
  assignment: nobody,
  rebalance: nobody,
  commit: nobody,
  retry: nobody,
};
