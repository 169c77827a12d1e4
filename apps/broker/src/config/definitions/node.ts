import { bool, int, list, long, text } from '../config-def.ts';

/** Who this broker is, where it keeps its data and what new topics get. */
export const nodeConfigs = {
  'node.id': int(
    null,
    { min: 0 },
    'Number of this broker, unique in its cluster. Default: `broker.id` where that is set, else 1.',
  ),
  'broker.id': int(-1, {}, 'Older name of `node.id`; -1 means unset.'),
  'broker.rack': text(null, 'Where this broker stands (rack, zone). Replicas of a partition are spread over racks.'),
  'ks.host': text(
    null,
    'The machine this broker runs on: no two replicas of a partition go to one machine while another has room. ' +
      "Default: the system's host name. To be set where several containers share a machine.",
  ),
  'log.dirs': list(
    null,
    'Directories for partition data; each fails on its own. Default: `log.dir`. The first also holds the metadata.',
  ),
  'log.dir': list(['./data'], 'Directories for partition data where `log.dirs` is not set. Kafka: /tmp/kafka-logs.'),
  'metadata.log.dir': text(null, "Directory of the cluster's metadata. Default: the first of `log.dirs`."),
  'num.partitions': int(1, { min: 1 }, 'Partitions of a topic that is created without saying how many.'),
  'default.replication.factor': int(
    1,
    { min: 1, max: 32767 },
    'Replicas of a topic that is created without saying how many.',
  ),
  'auto.create.topics.enable': bool(true, 'Whether asking for the metadata of a missing topic may create it.'),
  'delete.topic.enable': bool(true, 'Whether topics may be deleted.'),
  'min.insync.replicas': int(1, { min: 1 }, 'In-sync replicas an acks=all write needs at least.', {
    updateMode: 'cluster-wide',
  }),
  'unclean.leader.election.enable': bool(
    false,
    'Whether a replica outside the in-sync set may lead when no other can. That loses records.',
    { updateMode: 'cluster-wide' },
  ),
  'message.max.bytes': int(1048588, { min: 0 }, 'Largest record batch that is accepted, as it is on the wire.', {
    updateMode: 'cluster-wide',
  }),
  'max.decompressed.message.bytes': int(
    2147483639,
    { min: 0 },
    'Largest record batch that is accepted, as it is after decompression. ks takes 100 MB at most.',
    { updateMode: 'cluster-wide' },
  ),
  'compression.type': text('producer', 'Codec that batches are stored with; `producer` keeps what came.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    updateMode: 'cluster-wide',
  }),
  'compression.gzip.level': int(-1, { min: 1, max: 9, also: [-1] }, 'Level where the broker compresses with gzip.', {
    updateMode: 'cluster-wide',
  }),
  'compression.lz4.level': int(9, { min: 1, max: 17 }, 'Level where the broker compresses with lz4: 9 is fast, as in Kafka, any other searches longer, 10 and above alike.', {
    updateMode: 'cluster-wide',
  }),
  'compression.zstd.level': int(3, { min: -131072, max: 22 }, 'Level where the broker compresses with zstd.', {
    updateMode: 'cluster-wide',
  }),
  'fetch.max.bytes': int(57671680, { min: 1024 }, 'Most record bytes that one Fetch answers, whatever it asks for.'),
  'max.request.partition.size.limit': int(
    2000,
    { min: 1 },
    'Most partitions that one DescribeTopicPartitions answers.',
  ),
  'producer.id.expiration.ms': int(86400000, { min: 1 }, 'After this silence a producer id is forgotten.', {
    updateMode: 'cluster-wide',
  }),
  'producer.id.expiration.check.interval.ms': int(600000, { min: 1 }, 'How often producer ids are looked over.'),
  'request.timeout.ms': int(30000, {}, 'Time-out of requests to other brokers.'),
  'replica.lag.time.max.ms': long(30000, {}, 'A follower not caught up for this long leaves the in-sync set.'),
  'num.replica.fetchers': int(1, { min: 1 }, 'Connections to each other broker that replicas are fetched over.', {
    updateMode: 'cluster-wide',
  }),
  'replica.fetch.min.bytes': int(1, {}, "Bytes that a follower's fetch waits for, unless its time is over."),
  'replica.fetch.max.bytes': int(1048576, { min: 0 }, 'Most bytes of one partition in a fetch of a follower.'),
  'replica.fetch.response.max.bytes': int(10485760, { min: 0 }, 'Most bytes in a fetch of a follower.'),
  'replica.fetch.backoff.ms': int(1000, { min: 0 }, 'Longest pause of a follower after a failed fetch.'),
  'replica.socket.timeout.ms': int(30000, {}, 'Longest wait for another broker beyond `replica.fetch.wait.max.ms`.'),
  'replica.selector.class': text(
    null,
    "Who serves consumers that say where they are: the leader, or with Kafka's RackAwareReplicaSelector a replica in their `client.rack`.",
    {
      oneOf: [
        'org.apache.kafka.common.replica.LeaderSelector',
        'org.apache.kafka.common.replica.RackAwareReplicaSelector',
      ],
    },
  ),
  'replica.fetch.wait.max.ms': int(500, {}, "Longest wait of a follower's fetch."),
  'broker.session.timeout.ms': int(
    9000,
    { min: 1 },
    'A broker that does not renew its lease for so long is fenced; it does so three times as often.',
  ),
  'auto.leader.rebalance.enable': bool(
    true,
    'Whether leadership goes back to the preferred replicas by itself once they are in sync again.',
  ),
  'leader.imbalance.check.interval.seconds': long(300, { min: 1 }, 'How often leadership is moved back.'),
  'controlled.shutdown.enable': bool(true, 'Whether leaders are moved away before this broker stops.'),
} as const;
