import java.io.FileWriter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.server.telemetry.ClientTelemetry;
import org.apache.kafka.server.telemetry.ClientTelemetryReceiver;
import org.apache.kafka.shaded.io.opentelemetry.proto.metrics.v1.MetricsData;

/** Writes down what clients push, as OpenTelemetry's own classes read it. The file is named by the property recording.reporter.path. */
public final class RecordingReporter implements MetricsReporter, ClientTelemetry {
  private Path path;

  @Override
  public void configure(Map<String, ?> configs) {
    path = Path.of(String.valueOf(configs.get("recording.reporter.path")));
  }

  @Override
  public ClientTelemetryReceiver clientReceiver() {
    return (context, payload) -> {
      try (PrintWriter out = new PrintWriter(new FileWriter(path.toFile(), true))) {
        synchronized (this) {
          out.println("push of " + payload.clientInstanceId() + (payload.isTerminating() ? ", the last" : ""));
          out.println(MetricsData.parseFrom(payload.data()));
        }
      } catch (Exception failure) {
        throw new IllegalStateException(failure);
      }
    };
  }

  @Override
  public void init(List<KafkaMetric> metrics) {}

  @Override
  public void metricChange(KafkaMetric metric) {}

  @Override
  public void metricRemoval(KafkaMetric metric) {}

  @Override
  public void close() {}
}
