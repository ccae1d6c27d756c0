/** The stream of one answer. */

import type { Answer } from "./answer.js";
import { Assembly } from "./assembly.js";
import { RemoraError } from "./errors.js";
import { type Completed, type Event, eventFrom } from "./event.js";
import type { ChatResponse } from "./gen/remora/v1/chat.js";
import type { Message } from "./gen/remora/v1/content.js";
import type { Reader } from "./reader.js";
import { Source } from "./source.js";
import type { Stop } from "./stop.js";
import { Stream } from "./stream.js";

/** Called with the text that holds now, when text handed out before became void. */
export type OnDiscard = (text: string) => void | Promise<void>;

/** The events of one answer. Reading them keeps `textSoFar`, `completed` and `message` up to date. */
export class ChatStream extends Stream<Event> {
  readonly #assembly: Assembly;

  /** @internal */
  constructor(stop: Stop, start: () => Promise<Reader<ChatResponse>>) {
    const assembly = new Assembly();
    super(
      Source.of(stop, {
        start,
        receive: (response: ChatResponse) => {
          const event = eventFrom(response, () => assembly.message());
          if (event !== undefined) assembly.add(event);
          return event;
        },
        endError: () => (assembly.completed === undefined ? incomplete() : undefined),
      }),
    );
    this.#assembly = assembly;
  }

  /** The text read so far, without what became void. */
  get textSoFar(): string {
    return this.#assembly.text;
  }

  /** The reasoning read so far, without what became void. */
  get reasoningSoFar(): string {
    return this.#assembly.reasoning;
  }

  /** The event that ended the answer; undefined until it has been read. */
  get completed(): Completed | undefined {
    return this.#assembly.completed;
  }

  /** The assistant's turn, ready to append to the conversation; undefined until the answer is whole. */
  get message(): Message | undefined {
    return this.#assembly.completed?.message;
  }

  /**
   * The text piece by piece.
   *
   * Where text handed out becomes void (a restart, which the policy decides), `onDiscard` is called with the text that
   * holds; without it the loop fails with `TEXT_DISCARDED`, so that a wrong text never looks whole.
   */
  async *text(onDiscard?: OnDiscard): AsyncGenerator<string, void, undefined> {
    for await (const event of this) {
      if (event.kind === "textDelta") yield event.text;
      else if (this.#assembly.voided) await taken(onDiscard, this.textSoFar);
    }
  }

  /** Reads to the end; the whole text, without what became void. */
  async finalText(): Promise<string> {
    await this.finish();
    return this.textSoFar;
  }

  /** Reads to the end; the whole answer. */
  async finish(): Promise<Answer> {
    const events = this[Symbol.asyncIterator]();
    while ((await events.next()).done !== true);
    return this.completed ?? Promise.reject(incomplete());
  }
}

async function taken(onDiscard: OnDiscard | undefined, text: string): Promise<void> {
  if (onDiscard === undefined) {
    throw new RemoraError(
      "TEXT_DISCARDED",
      "text already handed out became void: give text() an onDiscard, or read the events",
    );
  }
  await onDiscard(text);
}

/** An end without `completed` is a hole, whatever the status says. */
function incomplete(): RemoraError {
  return new RemoraError("STREAM_BROKEN", "the stream ended without `completed`", { reason: "STREAM_BROKEN" });
}
