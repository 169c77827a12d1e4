"""confluent-kafka (librdkafka) against a broker: python confluent.py host:port"""

import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from scenarios import expect, run


def admin_of(bootstrap):
    return AdminClient({"bootstrap.servers": bootstrap})


def create(bootstrap, topic, partitions=1, **config):
    given = {key.replace("_", "."): value for key, value in config.items()}
    admin = admin_of(bootstrap)  # its futures do not keep it alive
    for future in admin.create_topics([NewTopic(topic, partitions, 1, config=given)]).values():
        future.result(20)


def producer_of(bootstrap, **settings):
    return Producer({"bootstrap.servers": bootstrap, **{key.replace("_", "."): value for key, value in settings.items()}})


def consumer_of(bootstrap, group, **settings):
    given = {key.replace("_", "."): value for key, value in settings.items()}
    defaults = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"}
    if given.get("group.protocol") != "consumer":
        defaults["session.timeout.ms"] = 6000
    return Consumer({**defaults, **given})


def read(consumer, count, seconds=20):
    found = []
    deadline = time.time() + seconds
    while len(found) < count and time.time() < deadline:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        found.append(message)
    expect(len(found), count)
    return found


def send(bootstrap, topic, values, **settings):
    producer = producer_of(bootstrap, **settings)
    delivered = []

    def told(error, message):
        if error:
            raise KafkaException(error)
        delivered.append(message.offset())

    for value in values:
        producer.produce(topic, value=value, partition=0, on_delivery=told)
    expect(producer.flush(20), 0)
    return delivered


def every_codec(bootstrap):
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        topic = f"confluent-{codec}"
        create(bootstrap, topic)
        values = [f"{index} {'x' * index}".encode() for index in range(500)]
        expect(send(bootstrap, topic, values, compression_type=codec, linger_ms=20), list(range(500)))
        consumer = consumer_of(bootstrap, topic, check_crcs="true")
        consumer.subscribe([topic])
        expect([message.value() for message in read(consumer, 500)], values)
        consumer.close()


def idempotent_producer(bootstrap):
    create(bootstrap, "confluent-idempotent")
    expect(send(bootstrap, "confluent-idempotent", [b"a", b"b", b"c"], enable_idempotence="true"), [0, 1, 2])


def acks_0_and_1(bootstrap):
    create(bootstrap, "confluent-acks")
    send(bootstrap, "confluent-acks", [b"zero"], acks="0")
    send(bootstrap, "confluent-acks", [b"one"], acks="1")
    consumer = consumer_of(bootstrap, "confluent-acks")
    consumer.subscribe(["confluent-acks"])
    expect([message.value() for message in read(consumer, 2)], [b"zero", b"one"])
    consumer.close()


def keys_headers_times_and_tombstones(bootstrap):
    create(bootstrap, "confluent-shapes")
    producer = producer_of(bootstrap)
    producer.produce("confluent-shapes", key=b"k", value=b"v", headers=[("h", b"1"), ("h", None)], timestamp=1_700_000_000_000)
    producer.produce("confluent-shapes", key=b"k", value=None)
    producer.produce("confluent-shapes", key=None, value=b"")
    expect(producer.flush(20), 0)
    consumer = consumer_of(bootstrap, "confluent-shapes")
    consumer.subscribe(["confluent-shapes"])
    found = read(consumer, 3)
    expect([(one.key(), one.value()) for one in found], [(b"k", b"v"), (b"k", None), (None, b"")])
    expect(found[0].headers(), [("h", b"1"), ("h", None)])
    expect(found[0].timestamp(), (1, 1_700_000_000_000))
    consumer.close()


def watermarks_and_offsets_by_time(bootstrap):
    create(bootstrap, "confluent-times")
    producer = producer_of(bootstrap)
    for index in range(10):
        producer.produce("confluent-times", value=b"x", timestamp=1_700_000_000_000 + index * 1000)
    producer.flush(20)
    consumer = consumer_of(bootstrap, "confluent-times")
    expect(consumer.get_watermark_offsets(TopicPartition("confluent-times", 0), timeout=10), (0, 10))
    found = consumer.offsets_for_times([TopicPartition("confluent-times", 0, 1_700_000_004_500)], timeout=10)
    expect(found[0].offset, 5)
    consumer.close()


def group_with(bootstrap, topic, **settings):
    create(bootstrap, topic, 4)
    first, second = consumer_of(bootstrap, topic, **settings), consumer_of(bootstrap, topic, **settings)
    try:
        for consumer in (first, second):
            consumer.subscribe([topic])
        deadline = time.time() + 40
        while time.time() < deadline:
            first.poll(0.1)
            second.poll(0.1)
            if sorted([len(first.assignment()), len(second.assignment())]) == [2, 2]:
                break
        own = {part.partition for part in first.assignment()} | {part.partition for part in second.assignment()}
        expect(own, {0, 1, 2, 3})
        producer = producer_of(bootstrap)
        for index in range(40):
            producer.produce(topic, value=str(index).encode(), partition=index % 4)
        producer.flush(20)
        found = []
        deadline = time.time() + 20
        while len(found) < 40 and time.time() < deadline:
            for consumer in (first, second):
                message = consumer.poll(0.05)
                if message is not None and not message.error():
                    found.append(int(message.value()))
        expect(sorted(found), list(range(40)))
        first.commit(asynchronous=False)
        second.commit(asynchronous=False)
    finally:
        first.close()
        second.close()
    third = consumer_of(bootstrap, topic, **settings)
    committed = third.committed([TopicPartition(topic, partition) for partition in range(4)], timeout=10)
    expect([part.offset for part in committed], [10, 10, 10, 10])
    third.close()


def classic_group_range(bootstrap):
    group_with(bootstrap, "confluent-range", partition_assignment_strategy="range")


def classic_group_cooperative_sticky(bootstrap):
    group_with(bootstrap, "confluent-sticky", partition_assignment_strategy="cooperative-sticky")


def static_members(bootstrap):
    create(bootstrap, "confluent-static", 2)
    for _ in range(2):
        consumer = consumer_of(bootstrap, "confluent-static", group_instance_id="one")
        consumer.subscribe(["confluent-static"])
        deadline = time.time() + 20
        while len(consumer.assignment()) < 2 and time.time() < deadline:
            consumer.poll(0.1)
        expect(len(consumer.assignment()), 2)
        consumer.close()


def consumer_group_of_KIP_848(bootstrap):
    group_with(bootstrap, "confluent-848", group_protocol="consumer")


def transactions(bootstrap):
    create(bootstrap, "confluent-txn", 2)
    producer = producer_of(bootstrap, transactional_id="confluent-txn")
    producer.init_transactions(20)
    for value, commits in [(b"a", True), (b"b", False), (b"c", True)]:
        producer.begin_transaction()
        for partition in (0, 1):
            producer.produce("confluent-txn", value=value, partition=partition)
        producer.commit_transaction(20) if commits else producer.abort_transaction(20)
    consumer = consumer_of(bootstrap, "confluent-txn", isolation_level="read_committed")
    consumer.subscribe(["confluent-txn"])
    expect(sorted(message.value() for message in read(consumer, 4)), [b"a", b"a", b"c", b"c"])
    consumer.close()


def offsets_in_a_transaction(bootstrap):
    create(bootstrap, "confluent-in")
    create(bootstrap, "confluent-out")
    send(bootstrap, "confluent-in", [b"1", b"2", b"3"])
    consumer = consumer_of(bootstrap, "confluent-mover", enable_auto_commit="false")
    consumer.subscribe(["confluent-in"])
    found = read(consumer, 3)
    producer = producer_of(bootstrap, transactional_id="confluent-mover")
    producer.init_transactions(20)
    producer.begin_transaction()
    for message in found:
        producer.produce("confluent-out", value=message.value())
    positions = consumer.position(consumer.assignment())
    producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), 20)
    producer.commit_transaction(20)
    expect(consumer.committed([TopicPartition("confluent-in", 0)], timeout=10)[0].offset, 3)
    consumer.close()


def fencing(bootstrap):
    create(bootstrap, "confluent-fence")
    first = producer_of(bootstrap, transactional_id="confluent-fence")
    first.init_transactions(20)
    first.begin_transaction()
    first.produce("confluent-fence", value=b"old")
    first.flush(10)
    second = producer_of(bootstrap, transactional_id="confluent-fence")
    second.init_transactions(20)
    try:
        first.commit_transaction(20)
    except KafkaException as error:
        expect(error.args[0].fatal(), True)
    else:
        raise AssertionError("the fenced producer committed")


def errors_are_told(bootstrap):
    create(bootstrap, "confluent-tiny", max_message_bytes="200")
    codes = []
    producer = producer_of(bootstrap)
    producer.produce("confluent-tiny", value=b"x" * 1000, on_delivery=lambda error, _: codes.append(error and error.code()))
    producer.flush(20)
    expect(codes, [KafkaError.MSG_SIZE_TOO_LARGE])
    try:
        create(bootstrap, "confluent-tiny")
    except KafkaException as error:
        expect(error.args[0].code(), KafkaError.TOPIC_ALREADY_EXISTS)
    else:
        raise AssertionError("the topic was made twice")


def admin_topics_and_configs(bootstrap):
    admin = admin_of(bootstrap)
    create(bootstrap, "confluent-admin", 2, retention_ms="900000")
    expect(len(admin.list_topics(timeout=10).topics["confluent-admin"].partitions), 2)
    for future in admin.create_partitions([NewPartitions("confluent-admin", 5)]).values():
        future.result(20)
    described = admin.describe_topics(TopicCollection(["confluent-admin"]))["confluent-admin"].result(20)
    expect(len(described.partitions), 5)
    resource = ConfigResource(ResourceType.TOPIC, "confluent-admin")
    expect(admin.describe_configs([resource])[resource].result(20)["retention.ms"].value, "900000")
    changes = [ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)]
    changed = ConfigResource(ResourceType.TOPIC, "confluent-admin", incremental_configs=changes)
    admin.incremental_alter_configs([changed])[changed].result(20)
    expect(admin.describe_configs([resource])[resource].result(20)["retention.ms"].value, "1000")
    broker = ConfigResource(ResourceType.BROKER, str(admin.describe_cluster().result(20).nodes[0].id))
    expect("log.retention.ms" in admin.describe_configs([broker])[broker].result(20), True)
    for future in admin.delete_topics(["confluent-admin"]).values():
        future.result(20)
    expect("confluent-admin" in admin.list_topics(timeout=10).topics, False)


def admin_offsets_and_records(bootstrap):
    admin = admin_of(bootstrap)
    create(bootstrap, "confluent-records")
    send(bootstrap, "confluent-records", [b"x"] * 10)
    part = TopicPartition("confluent-records", 0)
    expect(admin.list_offsets({part: OffsetSpec.latest()})[part].result(20).offset, 10)
    deleted = admin.delete_records([TopicPartition("confluent-records", 0, 4)])
    expect([future.result(20).low_watermark for future in deleted.values()], [4])
    expect(admin.list_offsets({part: OffsetSpec.earliest()})[part].result(20).offset, 4)


def admin_groups(bootstrap):
    admin = admin_of(bootstrap)
    create(bootstrap, "confluent-groups")
    parts = ConsumerGroupTopicPartitions("confluent-groups", [TopicPartition("confluent-groups", 0, 5)])
    admin.alter_consumer_group_offsets([parts])["confluent-groups"].result(20)
    asked = ConsumerGroupTopicPartitions("confluent-groups")
    found = admin.list_consumer_group_offsets([asked])["confluent-groups"].result(20)
    expect([one.offset for one in found.topic_partitions], [5])
    listed = [one.group_id for one in admin.list_consumer_groups().result(20).valid]
    expect("confluent-groups" in listed, True)
    described = admin.describe_consumer_groups(["confluent-groups"])["confluent-groups"].result(20)
    expect(described.state.name, "EMPTY")
    admin.delete_consumer_groups(["confluent-groups"])["confluent-groups"].result(20)
    expect("confluent-groups" in [one.group_id for one in admin.list_consumer_groups().result(20).valid], False)


if __name__ == "__main__":
    run([
        every_codec,
        idempotent_producer,
        acks_0_and_1,
        keys_headers_times_and_tombstones,
        watermarks_and_offsets_by_time,
        classic_group_range,
        classic_group_cooperative_sticky,
        static_members,
        consumer_group_of_KIP_848,
        transactions,
        offsets_in_a_transaction,
        fencing,
        errors_are_told,
        admin_topics_and_configs,
        admin_offsets_and_records,
        admin_groups,
    ])
