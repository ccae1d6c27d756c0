package io.github.remorallm;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Where a sidecar listens: {@code host:port}, {@code [::1]:port} or {@code unix:///path}. */
record Address(String text, String host, int port, Path socket) {
  private static final String UNIX = "unix://";
  private static final Pattern HOST_AND_PORT =
      Pattern.compile(
          "(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\\]):(?<port>[0-9]{1,5})");
  private static final int LAST_PORT = 65535;

  /** Reads an address; IllegalArgumentException for anything else. */
  static Address parse(String text) {
    if (text.startsWith(UNIX + "/")
        && text.length() > UNIX.length() + 1
        && text.indexOf('\0') < 0) {
      return new Address(text, null, 0, Path.of(text.substring(UNIX.length())));
    }
    var found = HOST_AND_PORT.matcher(text);
    if (found.matches()) {
      var port = Integer.parseInt(found.group("port"));
      if (port >= 1 && port <= LAST_PORT) {
        return new Address(text, found.group("host").replaceAll("[\\[\\]]", ""), port, null);
      }
    }
    throw new IllegalArgumentException(
        "the address must be host:port, [ipv6]:port or unix:///path, not \"" + text + "\"");
  }

  /** Whether it is a unix socket. */
  boolean isUnix() {
    return socket != null;
  }
}
