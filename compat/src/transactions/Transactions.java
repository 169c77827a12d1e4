import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Transactions as applications use them. Topics `from` and `to` have 3 partitions; prints what readers saw. */
public class Transactions {
  static String bootstrap;

  static KafkaProducer<String, String> producer(String transactionalId) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", bootstrap);
    config.put("transactional.id", transactionalId);
    config.put("key.serializer", StringSerializer.class);
    config.put("value.serializer", StringSerializer.class);
    config.put("linger.ms", 0);
    KafkaProducer<String, String> producer = new KafkaProducer<>(config);
    producer.initTransactions();
    return producer;
  }

  static KafkaConsumer<String, String> consumer(String group, String isolation) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", bootstrap);
    if (group != null) config.put("group.id", group);
    config.put("key.deserializer", StringDeserializer.class);
    config.put("value.deserializer", StringDeserializer.class);
    config.put("isolation.level", isolation);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", false);
    return new KafkaConsumer<>(config);
  }

  /** Everything in a topic for readers of that isolation. */
  static List<String> read(String topic, String isolation) {
    try (KafkaConsumer<String, String> consumer = consumer(null, isolation)) {
      List<TopicPartition> partitions = IntStream.range(0, 3).mapToObj(p -> new TopicPartition(topic, p)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      List<String> values = new ArrayList<>();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
      }
      return values.stream().sorted().toList();
    }
  }

  static void write(KafkaProducer<String, String> producer, String value) throws Exception {
    producer.beginTransaction();
    for (int p = 0; p < 3; p++) producer.send(new ProducerRecord<>("from", p, "k", value + p)).get();
  }

  /** Moves what is there in two transactions: the first is aborted, so that the second finds it all again. */
  static void move() {
    try (KafkaConsumer<String, String> consumer = consumer("movers", "read_committed");
        KafkaProducer<String, String> producer = producer("mover")) {
      consumer.subscribe(List.of("from"));
      boolean isFirst = true;
      int moved = 0;
      while (moved < 6) {
        var records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        records.forEach(record -> {
          producer.send(new ProducerRecord<>("to", record.partition(), record.key(), record.value()));
          offsets.put(new TopicPartition("from", record.partition()), new OffsetAndMetadata(record.offset() + 1));
        });
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        if (isFirst) {
          producer.abortTransaction();
          consumer.seekToBeginning(consumer.assignment());
        } else {
          producer.commitTransaction();
          moved += records.count();
        }
        isFirst = false;
      }
      long committed = consumer.committed(consumer.assignment()).values().stream().mapToLong(o -> o.offset()).sum();
      long positions = consumer.assignment().stream().mapToLong(consumer::position).sum();
      System.out.println("offsets " + (committed <= positions && committed > 0));
    }
  }

  public static void main(String[] arguments) throws Exception {
    bootstrap = arguments[0];
    try (KafkaProducer<String, String> producer = producer("writer")) {
      write(producer, "a");
      producer.commitTransaction();
      write(producer, "aborted");
      producer.abortTransaction();
      write(producer, "b");
      producer.commitTransaction();
    }
    move();
    KafkaProducer<String, String> old = producer("heir");
    old.beginTransaction();
    old.send(new ProducerRecord<>("to", 0, "k", "zombie")).get();
    try (KafkaProducer<String, String> heir = producer("heir")) {
      heir.beginTransaction();
      heir.send(new ProducerRecord<>("to", 0, "k", "heir")).get();
      try {
        old.commitTransaction();
        System.out.println("the zombie commits");
      } catch (KafkaException error) {
        System.out.println("the zombie: " + error.getClass().getSimpleName());
      }
      heir.commitTransaction();
    }
    old.close(Duration.ZERO);
    System.out.println("from " + read("from", "read_committed"));
    System.out.println("from, all " + read("from", "read_uncommitted").size());
    System.out.println("to " + read("to", "read_committed"));
  }
}
