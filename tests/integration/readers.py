"""Reads topics by the schemas that a registry address serves, with stock clients only.

usage: readers.py BOOTSTRAP REGISTRY TOPIC...   prints one line a topic: name, records, fields of the first
"""
import json
import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def read(bootstrap, registry, topic):
    deserialize = AvroDeserializer(registry)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "readers-" + topic,
                         "isolation.level": "read_committed", "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    ended, count, first = set(), 0, None
    while len(ended) < len(partitions):
        message = consumer.poll(20)
        if message is None:
            raise SystemExit(f"{topic}: nothing more after 20 s")
        if message.error():
            ended.add(message.partition())  # the only "error" without a broker's is the end
            continue
        datum = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
        count += 1
        first = first or datum
    consumer.close()
    return count, first


def main():
    bootstrap, address, *topics = sys.argv[1:]
    registry = SchemaRegistryClient({"url": address})
    for topic in topics:
        count, first = read(bootstrap, registry, topic)
        print(topic, count, json.dumps(first, default=str, ensure_ascii=False))


main()
