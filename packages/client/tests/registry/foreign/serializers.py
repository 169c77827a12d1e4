"""confluent-kafka's serialisers beside ours: reads what ours wrote, writes the same values itself. Run by capture.ts."""
import json
import sys

import confluent_kafka
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.json_format import MessageToDict

from acme import customer_pb2, order_pb2

given = json.load(sys.stdin)
registry = SchemaRegistryClient({"url": given["url"]})


def context(topic):
    return SerializationContext(topic, MessageField.VALUE)


avro_schema = Schema(given["avro"], "AVRO", [SchemaReference("acme.Customer", "customers", 1)])
avro_value = {"id": "ö-1", "cents": 4503599627, "note": None, "lines": ["a", "bb"], "customer": {"name": "Ada"}}
order = order_pb2.Order(id="ö-1", cents=-7, customer=customer_pb2.Customer(name="Ada"))
order.at.seconds = 1700000000
order.at.nanos = 5
line = order_pb2.Envelope.Line(sku="s", cents=300)

readers = {
    "avro": lambda data, at: AvroDeserializer(registry, avro_schema)(data, at),
    "protobuf": lambda data, at: MessageToDict(
        ProtobufDeserializer(order_pb2.Order, {"use.deprecated.format": False}, registry)(data, at)
    ),
    "protobuf-nested": lambda data, at: MessageToDict(
        ProtobufDeserializer(order_pb2.Envelope.Line, {"use.deprecated.format": False}, registry)(data, at)
    ),
    "json": lambda data, at: JSONDeserializer(given["json"], schema_registry_client=registry)(data, at),
}
protobuf_options = {"use.deprecated.format": False}
writers = {
    "avro": lambda at: AvroSerializer(registry, avro_schema)(avro_value, at),
    "protobuf": lambda at: ProtobufSerializer(order_pb2.Order, registry, protobuf_options)(order, at),
    "protobuf-nested": lambda at: ProtobufSerializer(order_pb2.Envelope.Line, registry, protobuf_options)(line, at),
    "json": lambda at: JSONSerializer(given["json"], registry)({"id": "ö-1", "cents": 12}, at),
}

json.dump(
    {
        "version": confluent_kafka.__version__,
        "read": {topic: readers[topic](bytes.fromhex(data), context(topic)) for topic, data in given["records"].items()},
        # Under topics of their own, so that what they register is theirs.
        "written": {topic: writer(context(f"python-{topic}")).hex() for topic, writer in writers.items()},
    },
    sys.stdout,
    ensure_ascii=False,
)
