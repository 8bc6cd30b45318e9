"""confluent-kafka's own Avro clients, against a topic and a registry.

usage: registry_clients.py make BOOTSTRAP REGISTRY TOPIC...      makes topics of eight partitions
       registry_clients.py read BOOTSTRAP REGISTRY TOPIC...      prints a line a topic: its name, records
       registry_clients.py references BOOTSTRAP REGISTRY TOPIC   how many the schema of its records has
       registry_clients.py dump BOOTSTRAP REGISTRY TOPIC         prints every subject and verdict, sorted
       registry_clients.py copy BOOTSTRAP REGISTRY FROM TO [--guid]
           with a schema of its own that is another version of FROM's: the subject's fields the other
           way round, one more that the reader does not know, one less that it has; --guid names it by
           a header and not in front of the value
"""
import json
import os
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient, Schema
from confluent_kafka.schema_registry import header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

LEFT_OUT = "country"


def client(address):
    settings = {"url": address, "timeout": 15}  # Apicurio was seen to leave a question unanswered
    if os.environ.get("REGISTRY_CA"):
        settings["ssl.ca.location"] = os.environ["REGISTRY_CA"]
    if os.environ.get("REGISTRY_AUTH"):
        settings["basic.auth.user.info"] = os.environ["REGISTRY_AUTH"]
    return SchemaRegistryClient(settings)


def make(bootstrap, topics):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = admin.create_topics(
        [NewTopic(topic, num_partitions=8, replication_factor=1) for topic in topics])
    for done in made.values():
        done.result(30)


def messages(bootstrap, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "registry-clients",
                         "isolation.level": "read_committed", "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    ended = set()
    while len(ended) < len(partitions):
        message = consumer.poll(20)
        if message is None:
            raise SystemExit(f"{topic}: nothing more after 20 s")
        if message.error():
            ended.add(message.partition())
        else:
            yield message
    consumer.close()


def decoded(bootstrap, registry, topic):
    deserialize = AvroDeserializer(registry)
    for message in messages(bootstrap, topic):
        context = SerializationContext(topic, MessageField.VALUE, message.headers())
        yield message, deserialize(message.value(), context)


def other_version(text):
    schema = json.loads(text)
    subject = schema["fields"][0]["type"]
    fields = [f for f in reversed(subject["fields"]) if f["name"] != LEFT_OUT]
    subject["fields"] = fields + [{"name": "shelf", "type": "string", "default": ""}]
    return json.dumps(schema)


def copy(bootstrap, registry, source, target, is_by_guid):
    text = other_version(registry.get_latest_version(source + "-value").schema.schema_str)
    settings = {}
    if is_by_guid:  # the serializer wants an answer with a GUID in it, and looking up gives one
        registry.register_schema(target + "-value", Schema(text, "AVRO"))
        settings = {"auto.register.schemas": False, "schema.id.serializer": header_schema_id_serializer}
    serialize = AvroSerializer(registry, text, conf=settings)
    producer = Producer({"bootstrap.servers": bootstrap})
    count = 0
    for message, datum in decoded(bootstrap, registry, source):
        headers = []
        context = SerializationContext(target, MessageField.VALUE, headers)
        datum["subject"]["shelf"] = "the third from below"
        value = serialize(datum, context)
        producer.produce(target, key=message.key(), value=value, partition=message.partition(),
                         timestamp=message.timestamp()[1], headers=context.headers or headers)
        producer.poll(0)
        count += 1
    producer.flush(30)
    return count


def picture(datum):
    """What both pipelines must say alike: all but the digests, which hold the pipeline's name."""
    subject = {k: v for k, v in datum["subject"].items() if k != LEFT_OUT}
    stamps = {}
    for field, value in datum.items():
        if field not in ("subject", "origin") and isinstance(value, dict):
            stamps[field] = {k: v for k, v in value.items() if k != "config"}
    return json.dumps([subject, datum["origin"]["place"], stamps], sort_keys=True, default=str,
                      ensure_ascii=False)


def main():
    verb, bootstrap, address, *topics = sys.argv[1:]
    registry = client(address)
    if verb == "make":
        make(bootstrap, topics)
    elif verb == "copy":
        print(topics[1], copy(bootstrap, registry, topics[0], topics[1], "--guid" in topics))
    elif verb == "references":
        first = next(messages(bootstrap, topics[0])).value()
        print(len(registry.get_schema(int.from_bytes(first[1:5], "big")).references or []))
    elif verb == "dump":
        print("\n".join(sorted(picture(datum) for _, datum in decoded(bootstrap, registry, topics[0]))))
    else:
        for topic in topics:
            print(topic, sum(1 for _ in decoded(bootstrap, registry, topic)))


main()
