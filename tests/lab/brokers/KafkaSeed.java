// Test data in one JVM: java -cp 'lib/*' KafkaSeed.java BOOTSTRAP. Topics with RF 3, records, a group with lag.
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;

public class KafkaSeed {
    public static void main(String[] args) throws Exception {
        Map<String, Object> conf = Map.of("bootstrap.servers", args[0]);
        try (Admin admin = Admin.create(conf)) {
            Map<String, String> isr2 = Map.of("min.insync.replicas", "2");
            for (NewTopic topic : List.of(
                    new NewTopic("orders", 6, (short) 3).configs(isr2),
                    new NewTopic("payments", 3, (short) 3).configs(isr2),
                    new NewTopic("audit", 3, (short) 3).configs(Map.of("min.insync.replicas", "2", "cleanup.policy", "compact")),
                    new NewTopic("scratch", 2, (short) 1)))          // RF 1: what a stopped broker takes offline
                try {
                    admin.createTopics(List.of(topic)).all().get();
                } catch (java.util.concurrent.ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) throw e;
                }
        }
        Map<String, Object> p = new HashMap<>(conf);
        p.put("acks", "all");
        p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        p.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        try (Producer<String, String> producer = new KafkaProducer<>(p)) {
            for (int i = 0; i < 600; i++)
                producer.send(new ProducerRecord<>("orders", i % 6, "order-" + i, "{\"order\":" + i + "}"));
            for (int i = 0; i < 90; i++)
                producer.send(new ProducerRecord<>("payments", i % 3, "order-" + i, "{\"paid\":" + i + "}"));
            for (int i = 0; i < 30; i++)
                producer.send(new ProducerRecord<>("audit", i % 3, "user-" + i % 7, "{\"n\":" + i + "}"));
        }
        // group "billing": 100 records in each partition of orders, 60 read, so a lag of 40 each, 240 in all
        commit(conf, "billing", "orders", 6, 60);
        commit(conf, "ledger", "payments", 3, 30);                   // no lag
    }

    static void commit(Map<String, Object> conf, String group, String topic, int partitions, long offset) {
        Map<String, Object> c = new HashMap<>(conf);
        c.put("group.id", group);
        c.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        c.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        try (Consumer<String, String> consumer = new KafkaConsumer<>(c)) {
            Map<TopicPartition, OffsetAndMetadata> at = new HashMap<>();
            for (int i = 0; i < partitions; i++)
                at.put(new TopicPartition(topic, i), new OffsetAndMetadata(offset));
            consumer.assign(at.keySet());
            consumer.commitSync(at, Duration.ofSeconds(60));
        }
    }
}
