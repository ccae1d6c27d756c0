package io.github.remorallm;

import java.math.BigDecimal;
import java.time.Duration;

/** Durations for a person. */
final class Seconds {
  private static final int MILLIS = 3;

  private Seconds() {}

  /** Seconds to the millisecond: {@code 5}, {@code 0.25}. */
  static String of(Duration duration) {
    return BigDecimal.valueOf(duration.toMillis(), MILLIS).stripTrailingZeros().toPlainString();
  }
}
