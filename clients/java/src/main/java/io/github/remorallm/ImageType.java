package io.github.remorallm;

import java.nio.charset.StandardCharsets;

/** Tells a picture's media type by its first bytes. */
final class ImageType {
  private static final int HEAD = 12;

  private ImageType() {}

  /** The media type; IllegalArgumentException if it is none of the four that models take. */
  static String of(byte[] data) {
    var head = new String(data, 0, Math.min(data.length, HEAD), StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u0089PNG")) {
      return "image/png";
    }
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return "image/jpeg";
    }
    if (head.startsWith("GIF8")) {
      return "image/gif";
    }
    if (head.startsWith("RIFF") && head.endsWith("WEBP")) {
      return "image/webp";
    }
    throw new IllegalArgumentException("not a PNG, JPEG, GIF or WebP: give the media type");
  }
}
