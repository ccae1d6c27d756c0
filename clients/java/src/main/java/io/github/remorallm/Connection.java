package io.github.remorallm;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Waits for the sidecar. gRPC's own backoff begins at a second and cannot be set, so a channel that
 * failed to connect is told to try again after 100 ms, then 200, 400, and every 500 ms from then
 * on: only while a call waits, and once for all calls that do.
 */
final class Connection {
  private static final long FIRST_PAUSE_MS = 100;
  private static final long LONGEST_PAUSE_MS = 500;

  private final ManagedChannel channel;
  private final Settings settings;
  private volatile long pauseMs = FIRST_PAUSE_MS;
  private boolean isRetryPlanned;

  Connection(ManagedChannel channel, Settings settings) {
    this.channel = channel;
    this.settings = settings;
  }

  /** Whether it is connected now. Connects it if it is not. */
  boolean isReady() {
    var isReady = channel.getState(true) == ConnectivityState.READY;
    if (isReady && pauseMs != FIRST_PAUSE_MS) {
      connected();
    }
    return isReady;
  }

  /**
   * Completes once the channel is connected; fails with SIDECAR_UNREACHABLE after {@code limit},
   * and with CANCELLED when the client is closed before.
   */
  CompletableFuture<Void> ready(Duration limit) {
    var ready = new CompletableFuture<Void>();
    watch(ready);
    if (!ready.isDone()) {
      var late = CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS);
      late.execute(() -> ready.completeExceptionally(unreachable(limit)));
    }
    return ready;
  }

  private void watch(CompletableFuture<Void> ready) {
    if (ready.isDone()) {
      return;
    }
    var state = channel.getState(true);
    switch (state) {
      case READY -> {
        connected();
        ready.complete(null);
        return;
      }
      case SHUTDOWN -> {
        ready.completeExceptionally(Calls.closedClient());
        return;
      }
      case TRANSIENT_FAILURE -> planRetry();
      default -> {}
    }
    channel.notifyWhenStateChanged(state, () -> watch(ready));
  }

  private synchronized void connected() {
    pauseMs = FIRST_PAUSE_MS;
  }

  private synchronized void planRetry() {
    if (isRetryPlanned) {
      return;
    }
    isRetryPlanned = true;
    CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS).execute(this::retry);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private void retry() {
    synchronized (this) {
      isRetryPlanned = false;
    }
    channel.resetConnectBackoff();
  }

  private RemoraException unreachable(Duration waited) {
    return new RemoraException(
        ErrorKind.SIDECAR_UNREACHABLE,
        "no sidecar answers at %s (waited %s s): is `remora serve` running, and is REMORA_ADDRESS right?"
            .formatted(settings, Seconds.of(waited)));
  }
}
