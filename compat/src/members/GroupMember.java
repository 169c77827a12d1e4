import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

/**
 * A member of a group: "bootstrap group topic setting=value...". A topic that begins with re: is a regular expression for the broker.
 * Prints "has 0 1" when its partitions change and "got value" for each record, until its standard input ends; then it leaves.
 * Where it fails it says why in its last line and ends with 1.
 */
public final class GroupMember {
  public static void main(String[] args) throws Exception {
    try {
      run(args);
    } catch (RuntimeException failure) {
      // Kafka's exceptions have no stack, which the launcher of sources stumbles over.
      System.err.println(failure);
      System.exit(1);
    }
  }

  private static void run(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("group.id", args[1]);
    settings.put("auto.offset.reset", "earliest");
    settings.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    settings.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    for (int at = 3; at < args.length; at++) {
      String[] setting = args[at].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings);
    ConsumerRebalanceListener tell = new ConsumerRebalanceListener() {
      private final TreeSet<Integer> has = new TreeSet<>();

      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        partitions.forEach(each -> has.add(each.partition()));
        print();
      }

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        partitions.forEach(each -> has.remove(each.partition()));
        print();
      }

      private void print() {
        StringBuilder line = new StringBuilder("has");
        has.forEach(each -> line.append(' ').append(each));
        System.out.println(line);
      }
    };
    if (args[2].startsWith("re:")) consumer.subscribe(new SubscriptionPattern(args[2].substring(3)), tell);
    else consumer.subscribe(List.of(args[2]), tell);
    while (System.in.available() == 0) {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
        System.out.println("got " + record.value());
      }
      try {
        consumer.commitSync();
      } catch (RebalanceInProgressException later) {
        // A cooperative member keeps reading in a rebalance, and cannot commit until it is over (KIP-429): the next round does.
      }
    }
    consumer.close();
  }
}
