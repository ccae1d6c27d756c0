/** What a stream reads from: a call that starts with the first read, and is remembered by how it ended. */

import { RemoraError } from "./errors.js";
import type { Reader } from "./reader.js";
import type { Stop } from "./stop.js";

/** How the values of a stream come out of a call's messages. */
export interface Reception<Message, Value> {
  /** Starts the call. */
  start(): Promise<Reader<Message>>;
  /** The value of a message; undefined for one that this version does not know. */
  receive(message: Message): Value | undefined;
  /** What is wrong with a good end here; undefined: nothing. */
  endError(): RemoraError | undefined;
}

/** Gives the values of one call, one read at a time. */
export class Source<Value> {
  readonly #stop: Stop;
  readonly #next: () => Promise<Value | undefined>;
  #turn: Promise<unknown> = Promise.resolve();
  #outcome: { readonly error: unknown } | "done" | undefined;

  private constructor(stop: Stop, next: () => Promise<Value | undefined>) {
    this.#stop = stop;
    this.#next = next;
  }

  /** The source of a call that `stop` ends. Nothing is sent before the first read. */
  static of<Message, Value>(stop: Stop, reception: Reception<Message, Value>): Source<Value> {
    return new Source(stop, values(reception));
  }

  /** The next value; undefined at the end, again and again. Reads that overlap are served one after the other. */
  read(): Promise<Value | undefined> {
    const turn = this.#turn.then(() => this.#read());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Cancels the call if it still runs. */
  close(): void {
    this.#stop.stop("the stream was closed before its end");
  }

  async #read(): Promise<Value | undefined> {
    if (this.#outcome === undefined) {
      try {
        this.#stop.check();
        const value = await this.#next();
        if (value !== undefined) return value;
        this.#outcome = "done";
      } catch (error) {
        this.#outcome = { error: this.#stop.isStopped ? this.#stop.error() : error };
      }
      this.#stop.release();
    }
    if (this.#outcome === "done") return undefined;
    throw this.#outcome.error;
  }
}

function values<Message, Value>(reception: Reception<Message, Value>): () => Promise<Value | undefined> {
  let reader: Reader<Message> | undefined;
  return async () => {
    reader ??= await reception.start();
    for (;;) {
      const message = await reader.read();
      if (message === undefined) break;
      const value = reception.receive(message);
      if (value !== undefined) return value;
    }
    const error = reception.endError();
    if (error !== undefined) throw error;
    return undefined;
  };
}
