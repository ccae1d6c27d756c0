package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.remorallm.v1.CompleteResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RemoraClientTest {
  private static final CallSettings DEFAULTS = CallSettings.defaults();

  @Test
  void aRequestOverTheLimitIsRefusedBeforeAnythingIsSent() throws IOException {
    try (var sidecar = TestSidecar.saying(TestSidecar.completed());
        var client = sidecar.client()) {
      var prompt = "x".repeat(32 * 1024 * 1024);
      var error = assertThrows(RemoraException.class, () -> client.chat("m", prompt));
      assertEquals(ErrorKind.REQUEST_TOO_LARGE, error.kind());
      assertEquals(Optional.empty(), error.code());
      assertTrue(error.getMessage().contains("32 MiB"));
      var later = client.completeAsync("m", prompt);
      assertInstanceOf(
          RemoraException.class, assertThrows(CompletionException.class, later::join).getCause());
      assertEquals(1, sidecar.begun.getCount());
    }
  }

  @Test
  void aRequestOfTheLimitIsSent() throws IOException {
    try (var sidecar = TestSidecar.saying(TestSidecar.completed());
        var client = sidecar.client()) {
      var limit = 32 * 1024 * 1024;
      var over = Requests.chat("m", "x".repeat(limit)).build().getSerializedSize() - limit;
      var request = Requests.chat("m", "x".repeat(limit - over)).build();
      assertEquals(limit, request.getSerializedSize());
      try (var stream = client.chat(request)) {
        assertEquals("", stream.finalText());
      }
    }
  }

  @Test
  void nobodyThereIsToldInTimeAndWaitingDoesNotSpin() throws IOException {
    try (var client = clientOf(freePort(), Duration.ofMillis(1500))) {
      var cpu = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
      assertThrows(RemoraException.class, client::isServing);
      var used = cpu.getProcessCpuTime();
      var error = assertThrows(RemoraException.class, () -> client.complete("m", "Why?"));
      assertTrue(cpu.getProcessCpuTime() - used < TimeUnit.MILLISECONDS.toNanos(1000));
      assertEquals(ErrorKind.SIDECAR_UNREACHABLE, error.kind());
      assertTrue(error.getMessage().contains("waited 1.5 s"), error.getMessage());
      assertTrue(error.getMessage().contains("REMORA_ADDRESS"));
    }
  }

  @Test
  void aSidecarThatComesUpLaterIsFoundSoonThoughManyWait() throws Exception {
    var port = freePort();
    try (var client = clientOf(port, Duration.ofSeconds(30))) {
      var request = Requests.complete("m", "Why?").build();
      var calls = new CompletableFuture<?>[50];
      for (int i = 0; i < calls.length; i++) {
        calls[i] = client.completeAsync(request);
      }
      TimeUnit.MILLISECONDS.sleep(1500); // several tries fail: that is what is tested
      try (var sidecar = TestSidecar.at(port)) {
        var began = System.nanoTime();
        CompletableFuture.allOf(calls).get(20, TimeUnit.SECONDS);
        var waited = Duration.ofNanos(System.nanoTime() - began);
        assertTrue(waited.toMillis() < 15_000, () -> sidecar.address() + " after " + waited);
      }
    }
  }

  @Test
  void cancellingAFutureCancelsItsCall() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter();
        var client = sidecar.client()) {
      var answer = client.completeAsync("m", "Why?");
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      assertTrue(answer.cancel(true));
      assertTrue(sidecar.hungUp.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void aFutureThatTimesOutCancelsItsCall() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter();
        var client = sidecar.client()) {
      var answer = client.completeAsync("m", "Why?");
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      answer.complete(new Answer(CompleteResponse.getDefaultInstance()));
      assertTrue(sidecar.hungUp.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void cancellingAFutureThatWaitsForTheSidecarSendsNothing() throws Exception {
    var port = freePort();
    try (var client = clientOf(port, Duration.ofSeconds(30))) {
      var answer = client.completeAsync("m", "Why?");
      answer.cancel(true);
      try (var sidecar = TestSidecar.at(port)) {
        client.completeAsync("m", "Why?").get(20, TimeUnit.SECONDS);
        assertEquals(0, sidecar.begun.getCount());
        assertTrue(answer.isCancelled());
      }
    }
  }

  @Test
  void anInterruptCancelsTheCallAndIsKept() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter();
        var client = sidecar.client()) {
      var seen = new AtomicReference<RemoraException>();
      var kept = new CompletableFuture<Boolean>();
      var caller =
          new Thread(
              () -> {
                seen.set(assertThrows(RemoraException.class, () -> client.complete("m", "Why?")));
                kept.complete(Thread.currentThread().isInterrupted());
              });
      caller.start();
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      caller.interrupt();
      assertTrue(kept.get(20, TimeUnit.SECONDS));
      assertTrue(sidecar.hungUp.await(20, TimeUnit.SECONDS));
      assertEquals(ErrorKind.CANCELLED, seen.get().kind());
      assertInstanceOf(InterruptedException.class, seen.get().getCause());
    }
  }

  @Test
  void aClosedClientSaysSoAndEndsWhatRuns() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter()) {
      var client = sidecar.client();
      var running = client.completeAsync("m", "Why?");
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      client.close();
      var error = assertThrows(CompletionException.class, running::join).getCause();
      assertEquals(ErrorKind.CANCELLED, ((RemoraException) error).kind());
      var late = assertThrows(RemoraException.class, () -> client.complete("m", "Why?"));
      assertEquals(ErrorKind.CANCELLED, late.kind());
      client.close();
    }
  }

  @Test
  void aCallsTraceGoesBeforeTheClients() {
    assertFalse(DEFAULTS.traceparent().isPresent());
    var how = CallSettings.within(Duration.ofSeconds(2)).withTraceparent("00-1-2-01");
    assertEquals(Optional.of("00-1-2-01"), how.traceparent());
    assertEquals(Optional.of(Duration.ofSeconds(2)), how.timeout());
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withTraceparent("a\nb"));
  }

  private static RemoraClient clientOf(int port, Duration connectTimeout) {
    return RemoraClient.builder()
        .address("127.0.0.1:" + port)
        .connectTimeout(connectTimeout)
        .build();
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
