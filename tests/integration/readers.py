"""Reads topics by the schemas that a registry address serves, with stock clients only.

usage: readers.py BOOTSTRAP REGISTRY TOPIC...   prints one line a topic: name, records, the first
       readers.py kcat REGISTRY <records        the same for what `kcat -f '%S\\n%s'` printed: a count
"""
import io
import json
import sys
import urllib.request

import fastavro
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


def schema_of(address, number, known):
    if number not in known:
        with urllib.request.urlopen(f"{address}/schemas/ids/{number}") as answer:
            known[number] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
    return known[number]


def read_kcat(address, stream):
    known, count = {}, 0
    while line := stream.readline():
        message = stream.read(int(line))
        assert message[0] == 0, "not Confluent's framing"
        schema = schema_of(address, int.from_bytes(message[1:5], "big"), known)
        body = io.BytesIO(message[5:])
        fastavro.schemaless_reader(body, schema)
        assert not body.read(1), "bytes behind the datum"
        count += 1
    return count


def main():
    bootstrap, address, *topics = sys.argv[1:]
    if bootstrap == "kcat":
        print(read_kcat(address, sys.stdin.buffer))
        return
    registry = SchemaRegistryClient({"url": address})
    for topic in topics:
        count, first = read(bootstrap, registry, topic)
        print(topic, count, json.dumps(first, default=str, ensure_ascii=False))


main()
