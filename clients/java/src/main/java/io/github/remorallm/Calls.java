package io.github.remorallm;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Makes the calls of a client: size, time limit, metadata, waiting for the sidecar; never twice.
 */
final class Calls {
  private static final Metadata.Key<String> AUTHORIZATION = Tracing.key("authorization");

  private final ManagedChannel channel;
  private final Connection connection;
  private final Settings settings;

  Calls(ManagedChannel channel, Settings settings) {
    this.channel = channel;
    this.settings = settings;
    this.connection = new Connection(channel, settings);
  }

  /**
   * The answer of a call with one, as {@code convert} makes of it. Whoever completes the future
   * before its end cancels the call.
   */
  <Q, A, R> CompletableFuture<R> unary(
      MethodDescriptor<Q, A> method, Q request, CallSettings how, Function<A, R> convert) {
    var limit = limit(how);
    var answer = new CompletableFuture<R>();
    try {
      checkSize(request);
      var headers = headers(how);
      var call = channel.newCall(method, options(limit));
      var connected = connection.isReady() ? null : connection.ready(connectLimit(limit));
      answer.whenComplete((value, error) -> abandon(call, connected));
      var listener = new SingleAnswer<>(answer, convert, this);
      if (connected == null) {
        begin(call, listener, request, headers);
      } else {
        connected
            .thenRun(() -> begin(call, listener, request, headers))
            .exceptionally(error -> failed(answer, error));
      }
    } catch (RemoraException refused) {
      answer.completeExceptionally(refused);
    }
    return answer;
  }

  /** Waits for the answer. An interrupt cancels the call, and is kept for the caller to see. */
  static <A> A await(CompletableFuture<A> answer) {
    try {
      return answer.get();
    } catch (InterruptedException interrupted) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw interrupted(interrupted);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RemoraException error) {
        throw error.here();
      }
      throw new IllegalStateException(
          "a call failed in a way that is none of its own", failed.getCause());
    }
  }

  /** Begins a call with many answers, once the sidecar is there. {@code limit}: its time limit. */
  <Q, A> CallReader<A> stream(
      MethodDescriptor<Q, A> method, Q request, CallSettings how, Duration limit) {
    checkSize(request);
    var headers = headers(how);
    var call = channel.newCall(method, options(limit));
    if (!connection.isReady()) {
      await(connection.ready(connectLimit(limit)));
    }
    var reader = new CallReader<>(call);
    begin(call, reader, request, headers);
    return reader;
  }

  /** The time limit of a call: its own, else the client's. */
  Duration limit(CallSettings how) {
    return how.timeout().orElse(settings.timeout());
  }

  /** The exception of a call's status. */
  RemoraException failure(Status status, Metadata trailers) {
    if (channel.isShutdown() && trailers.get(StatusDecoder.DETAILS) == null) {
      return closedClient();
    }
    return StatusDecoder.decode(status, trailers, settings.address().text());
  }

  static RemoraException closedClient() {
    return cancelled("the client was closed", null);
  }

  static RemoraException interrupted(InterruptedException cause) {
    return cancelled("the waiting thread was interrupted; the call was cancelled", cause);
  }

  static RemoraException cancelled(String message, Throwable cause) {
    var details = Details.of(Status.Code.CANCELLED, "CANCELLED");
    return new RemoraException(ErrorKind.CANCELLED, message, details, cause);
  }

  private static <Q, A> void begin(
      ClientCall<Q, A> call, ClientCall.Listener<A> listener, Q request, Metadata headers) {
    try {
      call.start(listener, headers);
      call.request(1);
      call.sendMessage(request);
      call.halfClose();
    } catch (RuntimeException broken) {
      call.cancel("the request could not be sent", broken);
      throw broken;
    }
  }

  private static void abandon(ClientCall<?, ?> call, CompletableFuture<Void> connected) {
    if (connected != null) {
      connected.cancel(false);
    }
    call.cancel("abandoned", null);
  }

  private static Void failed(CompletableFuture<?> answer, Throwable error) {
    answer.completeExceptionally(error.getCause() == null ? error : error.getCause());
    return null;
  }

  private Duration connectLimit(Duration limit) {
    return settings.connectTimeout().compareTo(limit) < 0 ? settings.connectTimeout() : limit;
  }

  private static CallOptions options(Duration limit) {
    if (limit.compareTo(Settings.LONGEST) >= 0) {
      return CallOptions.DEFAULT;
    }
    return CallOptions.DEFAULT.withDeadline(Deadline.after(limit.toNanos(), TimeUnit.NANOSECONDS));
  }

  private Metadata headers(CallSettings how) {
    var headers = new Metadata();
    if (settings.token() != null) {
      headers.put(AUTHORIZATION, "Bearer " + settings.token());
    }
    Tracing.add(how, headers);
    return headers;
  }

  private static void checkSize(Object request) {
    var size = request instanceof MessageLite message ? message.getSerializedSize() : 0;
    if (size > Channels.MAX_MESSAGE_BYTES || size < 0) {
      throw new RemoraException(
          ErrorKind.REQUEST_TOO_LARGE,
          "the request has %s bytes, over the limit of %s (32 MiB): give large images and documents as URLs"
              .formatted(size < 0 ? "over 2147483647" : size, Channels.MAX_MESSAGE_BYTES));
    }
  }
}
