package io.github.remorallm;

import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * grpc.health.v1 in as much as a caller needs of it: one question, and whether the answer is
 * SERVING. The messages are so small that they are read as bytes (github.com/grpc/grpc-proto,
 * health.proto: the request has a string {@code service} = 1, the response an enum {@code status} =
 * 1, whose SERVING is 1): a package for them would be one more to depend on.
 */
final class Serving {
  /** The question about the sidecar as a whole: no service is named. */
  static final byte[] WHOLE_SERVER = {};

  static final MethodDescriptor<byte[], byte[]> CHECK =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("grpc.health.v1.Health/Check")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private static final byte[] SERVING = {0x08, 0x01};

  private Serving() {}

  /** Whether a HealthCheckResponse says SERVING. */
  static boolean isServing(byte[] response) {
    return Arrays.equals(response, SERVING);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException unreadable) {
        throw new UncheckedIOException(unreadable);
      }
    }
  }
}
