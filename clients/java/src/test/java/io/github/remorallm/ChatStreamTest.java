package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.remorallm.v1.ChatResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChatStreamTest {
  @Test
  void loopsShareTheStreamAndTheEndStaysTheEnd() throws IOException {
    var later = TestSidecar.ofALaterVersion();
    var events = new ChatResponse[] {later, TestSidecar.text("a"), TestSidecar.text("b"), later};
    try (var sidecar = saying(events, TestSidecar.completed());
        var client = sidecar.client();
        var stream = client.chat("m", "Why?")) {
      assertEquals("a", stream.text().iterator().next());
      assertThrows(IllegalStateException.class, stream::message);
      assertEquals("b", stream.iterator().next().getTextDelta().getText());
      assertEquals("ab", stream.finalText());
      assertFalse(stream.iterator().hasNext());
      assertThrows(NoSuchElementException.class, stream.iterator()::next);
      assertEquals("ab", stream.finish().text());
      assertTrue(stream.completed().isPresent());
    }
  }

  @Test
  void anEndWithoutCompletedIsTheSameErrorEachTime() throws IOException {
    try (var sidecar = TestSidecar.saying(TestSidecar.text("half"));
        var client = sidecar.client();
        var stream = client.chat("m", "Why?")) {
      var error = assertThrows(RemoraException.class, stream::finish);
      assertEquals(ErrorKind.STREAM_BROKEN, error.kind());
      assertSame(error, assertThrows(RemoraException.class, stream::finalText));
      assertEquals("half", stream.textSoFar());
    }
  }

  @Test
  void aStreamThatIsClosedIsHungUpOnAndSaysSo() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter(TestSidecar.text("a"), TestSidecar.text("b"));
        var client = sidecar.client()) {
      var stream = client.chat("m", "Why?");
      assertEquals("a", stream.text().iterator().next());
      stream.cancel();
      assertTrue(sidecar.hungUp.await(20, TimeUnit.SECONDS));
      var error = assertThrows(RemoraException.class, stream::finish);
      assertEquals(ErrorKind.CANCELLED, error.kind());
      assertEquals("a", stream.textSoFar());
    }
  }

  @Test
  void closingFromAnotherThreadWakesTheReader() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter();
        var client = sidecar.client();
        var stream = client.chat("m", "Why?")) {
      var reading = CompletableFuture.supplyAsync(() -> kindOf(stream));
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      stream.cancel();
      assertEquals(ErrorKind.CANCELLED, reading.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void anInterruptOfTheReaderCancelsTheCallAndIsKept() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter();
        var client = sidecar.client();
        var stream = client.chat("m", "Why?")) {
      var kept = new CompletableFuture<Boolean>();
      var reader =
          new Thread(
              () -> {
                var kind = kindOf(stream);
                kept.complete(kind == ErrorKind.CANCELLED && Thread.interrupted());
              });
      reader.start();
      assertTrue(sidecar.begun.await(20, TimeUnit.SECONDS));
      reader.interrupt();
      assertTrue(kept.get(20, TimeUnit.SECONDS));
      assertTrue(sidecar.hungUp.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void aForgottenStreamIsHungUpOn() throws Exception {
    try (var sidecar = TestSidecar.hangingAfter(TestSidecar.text("a"));
        var client = sidecar.client()) {
      assertEquals("a", client.chat("m", "Why?").text().iterator().next());
      for (int i = 0; i < 100 && !sidecar.hungUp.await(100, TimeUnit.MILLISECONDS); i++) {
        System.gc();
      }
      assertEquals(0, sidecar.hungUp.getCount());
    }
  }

  @Test
  void aSlowReaderSlowsTheSenderDown() throws Exception {
    var piece = TestSidecar.text("x".repeat(1024 * 1024));
    var events = Stream.generate(() -> piece).limit(100).toArray(ChatResponse[]::new);
    try (var sidecar = saying(events, TestSidecar.completed());
        var client = sidecar.client();
        var stream = client.chat("m", "Why?")) {
      assertTrue(stream.iterator().hasNext());
      TimeUnit.SECONDS.sleep(1); // the sender could send all of it in this time
      assertTrue(sidecar.sent.get() < 30, () -> "sent " + sidecar.sent.get());
      assertEquals(100 * 1024 * 1024, stream.finalText().length());
    }
  }

  @Test
  void voidTextEndsTheReadingOfTextUnlessItIsTakenUp() throws IOException {
    var events = new ChatResponse[] {TestSidecar.text("wrong"), TestSidecar.restarted()};
    try (var sidecar = saying(events, TestSidecar.text("right"), TestSidecar.completed());
        var client = sidecar.client()) {
      try (var stream = client.chat("m", "Why?")) {
        var pieces = stream.text().iterator();
        assertEquals("wrong", pieces.next());
        var error = assertThrows(RemoraException.class, pieces::hasNext);
        assertEquals(ErrorKind.TEXT_DISCARDED, error.kind());
        assertSame(error, assertThrows(RemoraException.class, pieces::next));
      }
      try (var stream = client.chat("m", "Why?")) {
        var seen = new ArrayList<String>();
        stream.text(held -> seen.add("held " + held)).forEach(seen::add);
        assertEquals(List.of("wrong", "held ", "right"), seen);
      }
    }
  }

  private static ErrorKind kindOf(ChatStream stream) {
    return assertThrows(RemoraException.class, stream::finish).kind();
  }

  private static TestSidecar saying(ChatResponse[] first, ChatResponse... then) throws IOException {
    var all = Stream.concat(Stream.of(first), Stream.of(then)).toArray(ChatResponse[]::new);
    return TestSidecar.saying(all);
  }
}
