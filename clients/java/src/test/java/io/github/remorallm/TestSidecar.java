package io.github.remorallm;

import com.google.protobuf.ByteString;
import io.github.remorallm.v1.ChatRequest;
import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.ChatServiceGrpc;
import io.github.remorallm.v1.CompleteRequest;
import io.github.remorallm.v1.CompleteResponse;
import io.github.remorallm.v1.Completed;
import io.github.remorallm.v1.PartDiscarded;
import io.github.remorallm.v1.Restarted;
import io.github.remorallm.v1.TextDelta;
import io.grpc.Context;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A real gRPC server on loopback that answers every chat with the same events. */
final class TestSidecar implements AutoCloseable {
  final CountDownLatch begun = new CountDownLatch(1);
  final CountDownLatch hungUp = new CountDownLatch(1);
  final AtomicInteger sent = new AtomicInteger();
  private final Server server;

  private TestSidecar(int port, List<ChatResponse> events, boolean hangs) throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    server =
        NettyServerBuilder.forAddress(address)
            .maxInboundMessageSize(64 * 1024 * 1024)
            .addService(new Chat(events, hangs))
            .build()
            .start();
  }

  /** Answers with these events and ends well. */
  static TestSidecar saying(ChatResponse... events) throws IOException {
    return new TestSidecar(0, List.of(events), false);
  }

  /** Answers with these events and then says nothing more. */
  static TestSidecar hangingAfter(ChatResponse... events) throws IOException {
    return new TestSidecar(0, List.of(events), true);
  }

  /** The same as {@link #saying} at a port. */
  static TestSidecar at(int port, ChatResponse... events) throws IOException {
    return new TestSidecar(port, List.of(events), false);
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  RemoraClient client() {
    return RemoraClient.builder().address(address()).build();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  static ChatResponse text(String text) {
    return ChatResponse.newBuilder().setTextDelta(TextDelta.newBuilder().setText(text)).build();
  }

  static ChatResponse restarted() {
    return ChatResponse.newBuilder().setRestarted(Restarted.getDefaultInstance()).build();
  }

  static ChatResponse discarded(int partIndex, int offset) {
    var discarded = PartDiscarded.newBuilder().setPartIndex(partIndex).setOffset(offset);
    return ChatResponse.newBuilder().setPartDiscarded(discarded).build();
  }

  static ChatResponse completed() {
    return ChatResponse.newBuilder().setCompleted(Completed.getDefaultInstance()).build();
  }

  /** An event of a kind that this version does not know. */
  static ChatResponse ofALaterVersion() throws IOException {
    var field999 = ByteString.copyFrom(new byte[] {(byte) 0xba, 0x3e, 3, 0x0a, 1, 'x'});
    return ChatResponse.parseFrom(field999);
  }

  private final class Chat extends ChatServiceGrpc.ChatServiceImplBase {
    private final List<ChatResponse> events;
    private final boolean hangs;

    Chat(List<ChatResponse> events, boolean hangs) {
      this.events = events;
      this.hangs = hangs;
    }

    @Override
    public void chat(ChatRequest request, StreamObserver<ChatResponse> answer) {
      watch();
      var observer = (ServerCallStreamObserver<ChatResponse>) answer;
      var rest = events.iterator();
      observer.setOnReadyHandler(
          () -> {
            while (observer.isReady() && rest.hasNext()) {
              observer.onNext(rest.next());
              sent.incrementAndGet();
              if (!rest.hasNext() && !hangs) {
                observer.onCompleted();
              }
            }
          });
    }

    @Override
    public void complete(CompleteRequest request, StreamObserver<CompleteResponse> answer) {
      watch();
      if (!hangs) {
        answer.onNext(CompleteResponse.getDefaultInstance());
        answer.onCompleted();
      }
    }

    private void watch() {
      Context.current().addListener(context -> hungUp.countDown(), Runnable::run);
      begun.countDown();
    }
  }
}
