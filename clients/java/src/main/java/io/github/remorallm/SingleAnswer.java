package io.github.remorallm;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Listens to a call with one answer, of which {@code convert} makes what the caller gets. */
final class SingleAnswer<A, R> extends ClientCall.Listener<A> {
  private final CompletableFuture<R> future;
  private final Function<A, R> convert;
  private final Calls calls;
  private A answer;

  SingleAnswer(CompletableFuture<R> future, Function<A, R> convert, Calls calls) {
    this.future = future;
    this.convert = convert;
    this.calls = calls;
  }

  @Override
  public void onMessage(A message) {
    answer = message;
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    if (!status.isOk()) {
      future.completeExceptionally(calls.failure(status, trailers));
    } else if (answer == null) {
      var empty = Status.INTERNAL.withDescription("the sidecar ended the call without an answer");
      future.completeExceptionally(calls.failure(empty, trailers));
    } else {
      future.complete(convert.apply(answer));
    }
  }
}
