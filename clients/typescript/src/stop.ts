/** What ends a call from this side: the caller's signal, a closed stream, a closed client. */

import { RemoraError } from "./errors.js";

/** The brakes of one signal. They share one listener: at more than ten on a signal, Node warns of a leak. */
class Brakes {
  static readonly #known = new WeakMap<AbortSignal, Brakes>();
  readonly #signal: AbortSignal;
  readonly #pulls = new Set<() => void>();

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  static of(signal: AbortSignal): Brakes {
    const brakes = Brakes.#known.get(signal) ?? new Brakes(signal);
    Brakes.#known.set(signal, brakes);
    return brakes;
  }

  add(pull: () => void): void {
    if (this.#pulls.size === 0) this.#signal.addEventListener("abort", this.#aborted, { once: true });
    this.#pulls.add(pull);
  }

  remove(pull: () => void): void {
    if (this.#pulls.delete(pull) && this.#pulls.size === 0) this.#signal.removeEventListener("abort", this.#aborted);
  }

  readonly #aborted = (): void => {
    for (const pull of this.#pulls) pull();
  };
}

/** One call's brake. Pulled once; what it stops is told then, or at once if it was pulled before. */
export class Stop {
  /** Whether the call has gone out. */
  isSent = false;
  readonly #signal: AbortSignal | undefined;
  readonly #listeners = new Set<() => void>();
  #stopped: { readonly message: string; readonly cause: unknown } | undefined;

  /** A brake that the signal pulls too. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
    if (signal?.aborted === true) this.#aborted();
    else if (signal !== undefined) Brakes.of(signal).add(this.#aborted);
  }

  /** Whether it was pulled. */
  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Stops the call; `cause` is what the error names as its own. */
  stop(message: string, cause?: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { message, cause };
    this.release();
    for (const tell of this.#listeners) tell();
  }

  /** Lets go of the caller's signal, which may live long. */
  release(): void {
    if (this.#signal !== undefined) Brakes.of(this.#signal).remove(this.#aborted);
  }

  /** Has the listener told of a stop; gives what takes it back. */
  onStop(listener: () => void): () => void {
    if (this.isStopped) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Throws if the call was stopped. */
  check(): void {
    if (this.isStopped) throw this.error();
  }

  /** The error of a stopped call. */
  error(): RemoraError {
    const { message, cause } = this.#stopped ?? { message: "the call was cancelled", cause: undefined };
    return new RemoraError("CANCELLED", message, {
      reason: "CANCELLED",
      code: this.isSent ? "CANCELLED" : undefined,
      cause,
    });
  }

  readonly #aborted = (): void => {
    this.stop("the call was cancelled by its signal", this.#signal?.reason);
  };
}
