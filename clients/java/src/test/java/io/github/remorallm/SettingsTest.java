package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void theArgumentGoesBeforeTheEnvironmentAndThatBeforeTheDefault() {
    var environment = Map.of("REMORA_ADDRESS", "there:1", "REMORA_TOKEN", "theirs");
    assertEquals("here:1", resolve("here:1", "mine", environment).toString());
    assertEquals("mine", resolve("here:1", "mine", environment).token());
    assertEquals("there:1", resolve(null, null, environment).toString());
    assertEquals("theirs", resolve("", "", environment).token());
    assertEquals("127.0.0.1:7650", resolve(null, null, Map.of()).toString());
    assertNull(resolve(null, null, Map.of()).token());
  }

  @Test
  void theTokenIsNeverShown() {
    var settings = resolve(null, "secret", Map.of());
    assertFalse(settings.toString().contains("secret"));
    var error =
        assertThrows(IllegalArgumentException.class, () -> resolve(null, "secret\n", Map.of()));
    assertFalse(error.getMessage().contains("secret"));
    try (var client = RemoraClient.builder().token("secret").build()) {
      assertFalse(client.toString().contains("secret"));
    }
  }

  @Test
  void timeLimitsAreOverZeroAndWaitingHasAnEnd() {
    var builder = RemoraClient.builder();
    assertThrows(IllegalArgumentException.class, builder.timeout(Duration.ZERO)::build);
    assertThrows(IllegalArgumentException.class, builder.timeout(SECOND.negated())::build);
    builder.timeout(RemoraClient.NO_TIMEOUT);
    assertThrows(
        IllegalArgumentException.class, builder.connectTimeout(RemoraClient.NO_TIMEOUT)::build);
    assertThrows(IllegalArgumentException.class, () -> CallSettings.within(Duration.ZERO));
  }

  private static Settings resolve(String address, String token, Map<String, String> environment) {
    return Settings.resolve(address, token, SECOND, SECOND, null, environment::get);
  }
}
