package io.github.remorallm;

import io.github.remorallm.CallReader.Arrived;
import io.github.remorallm.CallReader.End;
import io.github.remorallm.CallReader.Message;
import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Messages as they come, for a loop that waits for them. Read it with one thread at a time and
 * close it, best with try-with-resources: closing cancels the call, and the sidecar then hangs up
 * on the provider. {@link #cancel} may come from another thread. A stream that is forgotten is
 * cancelled when the garbage collector finds it.
 *
 * <p>Loops share the stream: a second one goes on where the first one stopped. A failed call throws
 * its {@link RemoraException} from {@code hasNext}, again with every further reading. Interrupting
 * the reading thread cancels the call, throws with kind CANCELLED, and leaves the interrupt set.
 *
 * @param <E> what comes
 */
public class RemoraStream<E> implements Iterable<E>, AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final CallReader<E> reader;
  private final Calls calls;
  private volatile boolean isClosed;
  private boolean hasEnded;
  private RemoraException failure;

  RemoraStream(CallReader<E> reader, Calls calls) {
    this.reader = reader;
    this.calls = calls;
    CLEANER.register(this, reader::cancel);
  }

  /** The messages that are still to come. */
  @Override
  public Iterator<E> iterator() {
    return new Lookahead<>() {
      @Override
      E find() {
        return read();
      }
    };
  }

  /** Cancels the call if it still runs; from any thread. Reading on then fails with CANCELLED. */
  public void cancel() {
    isClosed = true;
    reader.cancel();
  }

  /** The same as {@link #cancel}. */
  @Override
  public void close() {
    cancel();
  }

  /** Waits for the next message; null at the end. */
  final E read() {
    while (!hasEnded && failure == null) {
      if (isClosed) {
        failure = Calls.cancelled("the stream was closed before its end", null);
        break;
      }
      var body = bodyOf(next());
      if (body != null && accept(body)) {
        return body;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return null;
  }

  /** Takes a message in before the reader sees it; false to pass over it. */
  boolean accept(E message) {
    return true;
  }

  /** What is wrong with a stream that ended well; null for nothing. */
  RemoraException wrongEnd() {
    return null;
  }

  private Arrived<E> next() {
    try {
      return reader.take();
    } catch (InterruptedException interrupted) {
      cancel();
      Thread.currentThread().interrupt();
      failure = Calls.interrupted(interrupted);
      throw failure;
    }
  }

  private E bodyOf(Arrived<E> arrived) {
    if (arrived instanceof Message<E> message) {
      return message.body();
    }
    var end = (End<E>) arrived;
    if (!end.status().isOk()) {
      failure =
          isClosed
              ? Calls.cancelled("the stream was closed before its end", null)
              : calls.failure(end.status(), end.trailers());
    } else {
      failure = wrongEnd();
      hasEnded = failure == null;
    }
    return null;
  }

  /** An iterator that finds each element when it is first asked for. */
  abstract static class Lookahead<T> implements Iterator<T> {
    private T found;

    /** The next element; null at the end. */
    abstract T find();

    @Override
    public final boolean hasNext() {
      if (found == null) {
        found = find();
      }
      return found != null;
    }

    @Override
    public final T next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the stream has ended");
      }
      var taken = found;
      found = null;
      return taken;
    }
  }
}
