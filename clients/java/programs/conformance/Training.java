package conformance;

import io.github.remorallm.Requests;
import io.github.remorallm.v1.ChatRequest;
import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.ChatServiceGrpc;
import io.github.remorallm.v1.Completed;
import io.github.remorallm.v1.TextDelta;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Makes the calls of an order on a server of its own, so that the Java machine can write down which
 * classes the runner needs (-XX:ArchiveClassesAtExit): it starts in half the time with them.
 */
public final class Training {
  private Training() {}

  /** Plays one order. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var server = NettyServerBuilder.forAddress(loopback).addService(new Answers()).build().start();
    var request = Requests.chat("smart", "Why?").build().toByteArray();
    var order =
        """
        {"client": {"address": "127.0.0.1:%d"}, "calls": [
          {"rpc": "chat", "request": "%2$s", "timeout_s": 20},
          {"rpc": "chat", "request": "%2$s", "read": "text_discards", "traceparent": "00-0-0-01"},
          {"rpc": "chat", "request": "%2$s", "read": "final"},
          {"rpc": "complete", "request": "%2$s"}]}
        """;
    var text = order.formatted(server.getPort(), Base64.getEncoder().encodeToString(request));
    System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    Conformance.main(arguments);
    server.shutdownNow().awaitTermination();
  }

  private static final class Answers extends ChatServiceGrpc.ChatServiceImplBase {
    @Override
    public void chat(ChatRequest request, StreamObserver<ChatResponse> answer) {
      var delta = TextDelta.newBuilder().setText("Because.");
      answer.onNext(ChatResponse.newBuilder().setTextDelta(delta).build());
      var done = Completed.getDefaultInstance();
      answer.onNext(ChatResponse.newBuilder().setCompleted(done).build());
      answer.onCompleted();
    }
  }
}
