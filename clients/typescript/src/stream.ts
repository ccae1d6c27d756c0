/** A stream read by a loop, which never leaves a call running behind its reader's back. */

import type { Source } from "./source.js";

/** A stream that nobody can read any more is cancelled. */
const forgotten = new FinalizationRegistry<Source<unknown>>((source) => {
  source.close();
});

/**
 * Values as they come: `for await (const value of stream)`. The call starts with the first read.
 *
 * Leaving the loop in any way (break, return, an error) cancels the call, and so do `close()`, `await using`, the
 * call's signal, and forgetting the stream. A failed call throws its RemoraError in the loop, and so does every
 * later read; a stream that was read to its end stays at its end.
 */
export class Stream<Value> implements AsyncIterable<Value>, AsyncDisposable {
  readonly #source: Source<Value>;

  /** @internal */
  constructor(source: Source<Value>) {
    this.#source = source;
    forgotten.register(this, source, source);
  }

  [Symbol.asyncIterator](): AsyncIterator<Value, undefined> {
    return {
      next: async () => {
        const value = await this.#source.read();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** Cancels the call if it still runs. The sidecar then closes its own call to the provider. */
  close(): void {
    forgotten.unregister(this.#source);
    this.#source.close();
  }

  /** `await using` closes the stream. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
