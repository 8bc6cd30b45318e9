import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.apicurio.registry.serde.avro.AvroKafkaSerializer;

/**
 * Apicurio's own Avro clients: read BOOTSTRAP REGISTRY TOPIC..., or copy BOOTSTRAP REGISTRY FROM TO,
 * of which only the head, for their serializer asks the registry for each record. Prints a line for
 * each topic: its name, how many records.
 */
public class Clients {
    private static final long COPIED_MAX = 40;

    private static KafkaConsumer<byte[], GenericRecord> consumer(String bootstrap, String registry) {
        AvroKafkaDeserializer<GenericRecord> values = new AvroKafkaDeserializer<>();
        values.configure(Map.of("apicurio.registry.url", registry), false);
        return new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "isolation.level",
            "read_committed", "enable.auto.commit", "false", "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(), values);
    }

    private static KafkaProducer<byte[], GenericRecord> producer(String bootstrap, String registry) {
        AvroKafkaSerializer<GenericRecord> values = new AvroKafkaSerializer<>();
        values.configure(Map.of("apicurio.registry.url", registry,
            "apicurio.registry.auto-register", "true",
            "apicurio.registry.auto-register.if-exists", "FIND_OR_CREATE_VERSION",
            "apicurio.registry.headers.enabled", "false"), false);
        return new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap),
            new ByteArraySerializer(), values);
    }

    private static long read(KafkaConsumer<byte[], GenericRecord> consumer, String topic,
            KafkaProducer<byte[], GenericRecord> producer, String to) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
            .map(p -> new TopicPartition(topic, p.partition())).toList();
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        long count = 0;
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))
                && (producer == null || count < COPIED_MAX)) {
            for (ConsumerRecord<byte[], GenericRecord> record : consumer.poll(Duration.ofSeconds(1))) {
                if (record.value().getSchema().getFields().isEmpty()) {
                    throw new IllegalStateException(topic + ": a record without fields");
                }
                if (producer != null && count == COPIED_MAX) {
                    break;
                }
                if (producer != null) {
                    producer.send(new ProducerRecord<>(to, record.partition(), record.timestamp(),
                        record.key(), record.value()));
                }
                count++;
            }
        }
        return count;
    }

    public static void main(String[] arguments) {
        String bootstrap = arguments[1], registry = arguments[2];
        boolean isCopy = arguments[0].equals("copy");
        try (KafkaConsumer<byte[], GenericRecord> consumer = consumer(bootstrap, registry)) {
            if (isCopy) {
                try (KafkaProducer<byte[], GenericRecord> producer = producer(bootstrap, registry)) {
                    System.out.println(arguments[4] + " "
                        + read(consumer, arguments[3], producer, arguments[4]));
                }
                return;
            }
            for (int i = 3; i < arguments.length; i++) {
                System.out.println(arguments[i] + " " + read(consumer, arguments[i], null, null));
            }
        }
    }
}
