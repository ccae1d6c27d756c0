import io.github.remorallm.ErrorKind;
import io.github.remorallm.RemoraClient;
import io.github.remorallm.RemoraException;
import java.time.Duration;

/**
 * Uses the package as an application without OpenTelemetry does: nobody listens, and it says so.
 */
public final class Consumer {
  private Consumer() {}

  /** Prints nothing if all is well. */
  public static void main(String[] arguments) {
    var limit = Duration.ofMillis(200);
    try (var remora = RemoraClient.builder().address("127.0.0.1:1").connectTimeout(limit).build()) {
      remora.complete("smart", "Why?");
    } catch (RemoraException error) {
      if (error.kind() == ErrorKind.SIDECAR_UNREACHABLE) {
        return;
      }
      throw error;
    }
    throw new IllegalStateException("nobody listens, and yet there is an answer");
  }
}
