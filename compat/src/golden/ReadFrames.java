import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.RequestHeaderDataJsonConverter;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.message.ResponseHeaderDataJsonConverter;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;

/** Reads lines of "direction apiKey apiVersion hex" and prints what Kafka's own classes make of each, as JSON. */
public final class ReadFrames {
  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    ObjectMapper mapper = new ObjectMapper();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      boolean request = words[0].equals("request");
      short version = Short.parseShort(words[2]);
      ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(words[1]));
      ByteBuffer buffer = ByteBuffer.wrap(HexFormat.of().parseHex(words[3]));
      ByteBufferAccessor readable = new ByteBufferAccessor(buffer);
      ObjectNode result = mapper.createObjectNode();
      try {
        if (request) {
          short headerVersion = type.requestHeaderVersion(version);
          RequestHeaderData header = new RequestHeaderData(readable, headerVersion);
          result.set("header", RequestHeaderDataJsonConverter.write(header, headerVersion));
        } else {
          short headerVersion = type.responseHeaderVersion(version);
          ResponseHeaderData header = new ResponseHeaderData(readable, headerVersion);
          result.set("header", ResponseHeaderDataJsonConverter.write(header, headerVersion));
        }
        ApiMessage body = request ? type.newRequest() : type.newResponse();
        body.read(readable, version);
        Class<?> converter = Class.forName(body.getClass().getName() + "JsonConverter");
        JsonNode value =
            (JsonNode)
                converter
                    .getMethod("write", body.getClass(), short.class, boolean.class)
                    .invoke(null, body, version, false);
        result.set("body", value);
        result.put("bytesLeft", buffer.remaining());
      } catch (Exception error) {
        result.put("error", String.valueOf(error.getCause() == null ? error : error.getCause()));
      }
      System.out.println(mapper.writeValueAsString(result));
    }
  }
}
