package io.github.remorallm;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Hands the messages of a call to a thread that waits for them. The next message is asked for when
 * one is taken, so that a slow reader slows the sender down instead of filling the memory.
 */
final class CallReader<A> extends ClientCall.Listener<A> {
  /** What arrived: a message, or the end. */
  sealed interface Arrived<A> {}

  /** A message. */
  record Message<A>(A body) implements Arrived<A> {}

  /** The end of the call, the last that arrives. */
  record End<A>(Status status, Metadata trailers) implements Arrived<A> {}

  private final ClientCall<?, A> call;
  private final BlockingQueue<Arrived<A>> arrived = new LinkedBlockingQueue<>();

  CallReader(ClientCall<?, A> call) {
    this.call = call;
  }

  /** Waits for what comes next. */
  Arrived<A> take() throws InterruptedException {
    var next = arrived.take();
    if (next instanceof Message<A>) {
      call.request(1);
    }
    return next;
  }

  /** Ends the call, if it still runs; from any thread. */
  void cancel() {
    call.cancel("closed by its reader", null);
  }

  @Override
  public void onMessage(A message) {
    arrived.add(new Message<>(message));
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    arrived.add(new End<>(status, trailers));
  }
}
