/**
 * A typed client for ks and any Kafka: producer, consumer in a group or with assignment by hand, and admin calls for topics and groups.
 */
export { ErrorCode, type RecordHeader } from '@ks/protocol';
export { type ConnectOptions, connect } from './adapters/connect.ts';
export type { TlsOptions } from './adapters/tls-network.ts';
export type * from './admin/admin-types.ts';
export { type ItemReport, KafkaItemsError } from './admin/items.ts';
export type { Client } from './client.ts';
export { reasonHeaders } from './consumer/dead-letters.ts';
export type { Consumer } from './consumer/consumer.ts';
export type {
  Assignment,
  ConsumedBatch,
  ConsumerOptions,
  PartitionLag,
  PartitionOffset,
  RawBatch,
  ReadOptions,
  ReadRecord,
  RecordOf,
} from './consumer/consumer-options.ts';
export type { GroupConsumer } from './consumer/group-consumer.ts';
export type { GroupConsumerOptions } from './consumer/group-options.ts';
export type { RetryTopic, RunContext, RunOptions, RunRetry } from './consumer/run-options.ts';
export type { InvalidRecord, OnInvalid } from './consumer/typed-record.ts';
export type { ProcessBatch, ProcessOptions } from './consumer/process.ts';
export type { Readable } from './consumer/read-arguments.ts';
export type { Assignor, Subscriber } from './groups/assignors/assignor.ts';
export { rangeAssignor } from './groups/assignors/range.ts';
export { roundRobinAssignor } from './groups/assignors/round-robin.ts';
export { cooperativeStickyAssignor, stickyAssignor } from './groups/assignors/sticky.ts';
export { ClientErrorCode, KafkaError, type KafkaErrorDetails } from './kafka-error.ts';
export type { PartitionView } from './metadata/cluster-view.ts';
export type {
  IsolationLevel,
  ListedOffset,
  ListOffsetsOptions,
  OffsetQuery,
  OffsetSpec,
  TopicPartition,
} from './offsets/list-offsets.ts';
export type {
  AssignmentEvent,
  CommitEvent,
  ConnectEvent,
  ConsumeEvent,
  Diagnostics,
  DisconnectEvent,
  FetchEvent,
  ProduceEvent,
  RebalanceEvent,
  RequestEvent,
  RetryEvent,
  ThrottleEvent,
} from './ports/diagnostics.ts';
export type { SendTrace, TracedProcess, TracedRecord, TracedSend, Tracing } from './ports/tracing.ts';
export { murmur2 } from './producer/murmur2.ts';
export { defaultPartitioner, type Partitioner, type PartitionerInput, partitionOfKey } from './producer/partitioner.ts';
export type { Producer } from './producer/producer.ts';
export type { ProducerOptions, SendCallOptions } from './producer/producer-options.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type {
  OauthBearerOptions,
  OauthToken,
  PlainOptions,
  SaslOptions,
  ScramOptions,
  Secret,
} from './security/sasl-options.ts';
export { type CodecContext, codecs, type DataCodec, type PlainCodec } from './topic/data-codec.ts';
export type {
  ConsumedRecord,
  HeadersInput,
  RecordPlace,
  RecordToSend,
  SendOptions,
  SentRecord,
} from './topic/record-types.ts';
export { type AnyTopic, type BytesTopic, type Topic, type TopicOptions, topic, topicPattern } from './topic/topic.ts';
export type { Transaction, TransactionalReader } from './transactions/transaction.ts';
export type { TransactionalProducerOptions } from './transactions/transactional-options.ts';
export type { TransactionalProducer } from './transactions/transactional-producer.ts';
