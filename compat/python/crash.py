"""confluent-kafka (librdkafka) while the broker dies again and again: python crash.py role host:port ..., until standard input ends.

Each role tells a line for all that it was told: what it may count on is what is checked when it is over.
"""

import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

is_over = threading.Event()
SECONDS = 60


def watch_input():
    sys.stdin.read()
    is_over.set()


def say(*words):
    print(*words, flush=True)


def settings_of(bootstrap, **settings):
    patient = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 0}
    return {**patient, **{key.replace("_", "."): value for key, value in settings.items()}}


def producer_of(bootstrap, **settings):
    return Producer(settings_of(bootstrap, enable_idempotence=True, linger_ms=2, retry_backoff_ms=50, **settings))


def consumer_of(bootstrap, topic, group, **settings):
    """A member of a consumer group (KIP-848) that tells its partitions."""
    given = {"group.protocol": "consumer", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings_of(bootstrap, group_id=group, **settings), **given})

    def tell(word):
        return lambda _, partitions: say(word, *[each.partition for each in partitions])

    consumer.subscribe([topic], on_assign=tell("assigned"), on_revoke=tell("revoked"), on_lost=tell("revoked"))
    return consumer


def taken(consumer):
    return [message for message in consumer.consume(200, 0.2) if message.error() is None]


def ends_of(topic, messages):
    ends = {message.partition(): message.offset() + 1 for message in messages}
    return [TopicPartition(topic, partition, offset) for partition, offset in ends.items()]


def produce(bootstrap, topic):
    """Numbers, in turn to three partitions."""
    producer = producer_of(bootstrap)

    def told(error, message):
        if error is None:
            say("ok", message.partition(), message.value().decode())
        else:
            say("fatal" if error.fatal() else "unknown", message.partition(), message.value().decode(), error.name())

    count = 0
    while not is_over.is_set():
        try:
            producer.produce(topic, value=str(count), partition=count % 3, on_delivery=told)
            count += 1
        except BufferError:
            producer.poll(0.1)
        producer.poll(0)
        time.sleep(0.002)
    say("left", producer.flush(SECONDS))


def transact(bootstrap, topic):
    """Numbers, each in a transaction over two partitions; every fifth is aborted."""
    producer = None
    count = 0
    while not is_over.is_set():
        outcome = "unknown"
        try:
            if producer is None:
                producer = producer_of(bootstrap, transactional_id=topic)
                producer.init_transactions(SECONDS)
            producer.begin_transaction()
            for partition in (0, 1):
                producer.produce(topic, value=str(count), partition=partition)
            if count % 5 == 4:
                producer.abort_transaction(SECONDS)
                outcome = "aborted"
            else:
                producer.commit_transaction(SECONDS)
                outcome = "committed"
        except KafkaException as error:
            # A new one fences the old and ends what it left open, one way or the other.
            producer = None
            say("again", error.args[0].name())
            time.sleep(0.05)
        say(outcome, count)
        count += 1


def consume(bootstrap, topic, group):
    """Commits what it has got before it takes more."""
    consumer = consumer_of(bootstrap, topic, group)
    while not is_over.is_set():
        messages = taken(consumer)
        for message in messages:
            say("got", message.partition(), message.offset(), message.value().decode())
        if not messages:
            continue
        wanted = ends_of(topic, messages)
        for each in wanted:
            say("commits", each.partition, each.offset)
        try:
            for each in consumer.commit(offsets=wanted, asynchronous=False):
                if each.error is None:
                    say("committed", each.partition, each.offset)
        except KafkaException as error:
            say("again", error.args[0].name())
    consumer.close()


def copy(bootstrap, source, target):
    """Moves every record into the same partition of another topic, its offset in the same transaction: exactly once."""
    while not is_over.is_set():
        consumer = consumer_of(bootstrap, source, target, isolation_level="read_committed")
        try:
            producer = producer_of(bootstrap, transactional_id=target)
            producer.init_transactions(SECONDS)
            while not is_over.is_set():
                messages = taken(consumer)
                if not messages:
                    continue
                producer.begin_transaction()
                for message in messages:
                    producer.produce(target, value=message.value(), partition=message.partition())
                offsets = ends_of(source, messages)
                producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), SECONDS)
                producer.commit_transaction(SECONDS)
                say("copied", len(messages))
        except KafkaException as error:
            say("again", error.args[0].name())
            time.sleep(0.05)
        finally:
            consumer.close()


if __name__ == "__main__":
    threading.Thread(target=watch_input, daemon=True).start()
    roles = {"produce": produce, "transact": transact, "consume": consume, "copy": copy}
    roles[sys.argv[1]](*sys.argv[2:])
