import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Counts the words of the topic `lines` into the topic `counts`: "setting=value...", settings of Kafka Streams.
 * Prints "is STATE" when its state changes, until its standard input ends; then it closes.
 */
public final class WordCountUnderCrashes {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    for (String arg : args) {
      String[] setting = arg.split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream("lines", Consumed.with(Serdes.String(), Serdes.String()))
        .flatMapValues(line -> List.of(line.split(" ")))
        .groupBy((key, word) -> word, Grouped.with("words", Serdes.String(), Serdes.String()))
        .count(Materialized.as("counts"))
        .toStream()
        .mapValues(count -> Long.toString(count))
        .to("counts", Produced.with(Serdes.String(), Serdes.String()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setStateListener((now, before) -> System.out.println("is " + now));
    streams.start();
    while (System.in.read() >= 0) {}
    streams.close();
  }
}
