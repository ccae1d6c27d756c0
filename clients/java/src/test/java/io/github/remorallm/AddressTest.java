package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:7650, 127.0.0.1, 7650",
    "localhost:1, localhost, 1",
    "a-host.svc_1.local:65535, a-host.svc_1.local, 65535",
    "[::1]:7650, ::1, 7650",
    "[fe80::1%eth0]:7650, fe80::1%eth0, 7650"
  })
  void aHostAndAPort(String text, String host, int port) {
    var address = Address.parse(text);
    assertEquals(host, address.host());
    assertEquals(port, address.port());
    assertEquals(text, address.text());
  }

  @Test
  void aUnixSocket() {
    var address = Address.parse("unix:///run/remora/remora.sock");
    assertTrue(address.isUnix());
    assertEquals("/run/remora/remora.sock", address.socket().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        ":7650",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:http",
        "::1:7650",
        "[::1]",
        "http://localhost:7650",
        "dns:///localhost:7650",
        "user@localhost:7650",
        "a host:7650",
        "unix:///",
        "unix://relative",
        "unix:/run/s"
      })
  void anythingElseIsAnErrorThatSaysTheForms(String text) {
    var error = assertThrows(IllegalArgumentException.class, () -> Address.parse(text));
    assertTrue(error.getMessage().contains("host:port"));
    assertTrue(error.getMessage().contains(text));
  }
}
