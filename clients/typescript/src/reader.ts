/** Reads the messages of a running call one by one. */

import { type ClientReadableStream, status, type StatusObject } from "@grpc/grpc-js";
import { RemoraError } from "./errors.js";

/** What is read ahead of a slow reader, in bytes, before the sidecar is slowed down too. */
const AHEAD_BYTES = 256 * 1024;

/** How a call's bytes and its end are understood. */
export interface Understanding<Message> {
  readonly decode: (bytes: Uint8Array) => Message;
  readonly errorOf: (failed: StatusObject) => RemoraError;
  /** Called once, when the call has ended in any way. */
  readonly onEnd: () => void;
}

/**
 * The messages of a streamed answer.
 *
 * They are taken off the call as they come: when a call fails, @grpc/grpc-js drops what has arrived and was not taken.
 */
export class Reader<Message> {
  readonly #call: ClientReadableStream<Uint8Array>;
  readonly #understanding: Understanding<Message>;
  readonly #taken: Uint8Array[] = [];
  #takenBytes = 0;
  #status: StatusObject | undefined;
  #wake: (() => void) | undefined;

  constructor(call: ClientReadableStream<Uint8Array>, understanding: Understanding<Message>) {
    this.#call = call;
    this.#understanding = understanding;
    call.on("data", (bytes: Uint8Array) => {
      this.#take(bytes);
    });
    // The status comes behind every message and says the same; an error without a listener would end the process.
    call.on("error", () => undefined);
    call.on("status", (ended: StatusObject) => {
      this.#end(ended);
    });
  }

  /** The next message; undefined at a good end; throws the error of a failed call once what came before it is read. */
  async read(): Promise<Message | undefined> {
    for (;;) {
      const bytes = this.#taken.shift();
      if (bytes !== undefined) return this.#given(bytes);
      if (this.#status?.code === status.OK) return undefined;
      if (this.#status !== undefined) throw this.#understanding.errorOf(this.#status);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(bytes: Uint8Array): void {
    this.#taken.push(bytes);
    this.#takenBytes += bytes.length;
    if (this.#takenBytes > AHEAD_BYTES) this.#call.pause();
    this.#wake?.();
  }

  #given(bytes: Uint8Array): Message {
    this.#takenBytes -= bytes.length;
    if (this.#takenBytes <= AHEAD_BYTES / 2 && this.#call.isPaused()) this.#call.resume();
    try {
      return this.#understanding.decode(bytes);
    } catch {
      this.#call.cancel();
      throw new RemoraError("INTERNAL", "a message of the sidecar cannot be read", { code: "INTERNAL" });
    }
  }

  #end(ended: StatusObject): void {
    while ((this.#call.read() as unknown) !== null); // each is a "data" event
    this.#status = ended;
    this.#understanding.onEnd();
    this.#wake?.();
  }
}
