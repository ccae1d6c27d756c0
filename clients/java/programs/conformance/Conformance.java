package conformance;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import io.github.remorallm.RemoraClient;
import io.github.remorallm.v1.Message;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Plays one case of the clients' suite with this client: an order as JSON on standard input, what
 * happened as lines of JSON on standard output. A wrong order is a line on standard error, and exit
 * code 2.
 */
public final class Conformance {
  private Conformance() {}

  /** Plays every call of the order on one client. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Order order;
    RemoraClient remora;
    try (var input = new InputStreamReader(System.in, StandardCharsets.UTF_8)) {
      order = new Gson().fromJson(input, Order.class);
      remora = order.client().open();
      order.calls().forEach(Order.Call::check);
    } catch (JsonParseException | NullPointerException | IllegalArgumentException wrong) {
      System.err.println("not an order: " + wrong.getMessage());
      System.exit(2);
      return;
    }
    Message answer = null;
    try (remora) {
      for (var call : order.calls()) {
        answer = new Player(remora, call, answer).play();
      }
    }
  }
}
