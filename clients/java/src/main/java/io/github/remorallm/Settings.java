package io.github.remorallm;

import io.grpc.ChannelCredentials;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** How a client reaches its sidecar. {@code token} and {@code credentials} are null for none. */
record Settings(
    Address address,
    String token,
    Duration timeout,
    Duration connectTimeout,
    ChannelCredentials credentials) {
  static final String DEFAULT_ADDRESS = "127.0.0.1:7650";

  /** From here on a time limit is none: a hundred years. */
  static final Duration LONGEST = Duration.ofDays(36500);

  /**
   * Settings with what is absent (null or empty) taken from REMORA_ADDRESS and REMORA_TOKEN.
   *
   * @param environment a variable's value by name; null for none
   */
  static Settings resolve(
      String address,
      String token,
      Duration timeout,
      Duration connectTimeout,
      ChannelCredentials credentials,
      UnaryOperator<String> environment) {
    var where = firstGiven(address, environment.apply("REMORA_ADDRESS"), DEFAULT_ADDRESS);
    var shown = firstGiven(token, environment.apply("REMORA_TOKEN"), "");
    if (shown.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw new IllegalArgumentException("the token must be printable ASCII");
    }
    if (connectTimeout.compareTo(LONGEST) >= 0) {
      throw new IllegalArgumentException("connectTimeout must have an end");
    }
    return new Settings(
        Address.parse(where),
        shown.isEmpty() ? null : shown,
        positive(timeout, "timeout"),
        positive(connectTimeout, "connectTimeout"),
        credentials);
  }

  /** The duration; IllegalArgumentException if it is not over 0. */
  static Duration positive(Duration duration, String name) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException(name + " must be over 0, not " + duration);
    }
    return duration;
  }

  /** Shows where, never the token. */
  @Override
  public String toString() {
    return address.text();
  }

  private static String firstGiven(String... values) {
    for (var value : values) {
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return "";
  }
}
