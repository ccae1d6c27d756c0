/** Puts an answer together from its events: what holds so far, with everything void taken out. */

import type { Completed, Event } from "./event.js";
import { type Message, type Part, Role } from "./gen/remora/v1/content.js";

type Kind = "text" | "reasoning" | "refusal" | "toolCall";

/** One part as received. `text` is a tool call's arguments. */
interface Piece {
  readonly kind: Kind;
  text: string;
  id: string;
  name: string;
  issuer: string;
  opaqueState: Uint8Array | undefined;
}

/** The answer so far. Feed it every event in order. */
export class Assembly {
  /** The event that ended the answer. */
  completed: Completed | undefined;
  /** Whether the event just taken made text void that was there before. */
  voided = false;
  #pieces = new Map<number, Piece>();

  /** The text that holds. */
  get text(): string {
    return this.#joined("text");
  }

  /** The reasoning that holds. */
  get reasoning(): string {
    return this.#joined("reasoning");
  }

  /** Takes an event in. */
  add(event: Event): void {
    this.voided = false;
    switch (event.kind) {
      case "textDelta":
        this.#piece(event.partIndex, "text").text += event.text;
        break;
      case "reasoningDelta":
        this.#piece(event.partIndex, "reasoning").text += event.text;
        break;
      case "refusalDelta":
        this.#piece(event.partIndex, "refusal").text += event.text;
        break;
      case "toolCallDelta": {
        const piece = this.#piece(event.partIndex, "toolCall");
        piece.text += event.argumentsFragment;
        piece.id = event.id || piece.id;
        piece.name = event.name || piece.name;
        break;
      }
      case "partCompleted": {
        // Reasoning whose provider shows no text arrives as its state alone.
        const piece = this.#pieces.get(event.partIndex) ?? this.#piece(event.partIndex, "reasoning");
        piece.issuer = event.issuer;
        piece.opaqueState = event.opaqueState;
        break;
      }
      case "restarted":
        this.#discard(() => {
          this.#pieces.clear();
        });
        break;
      case "partDiscarded":
        this.#discard(() => {
          this.#cut(event.partIndex, event.offset);
        });
        break;
      case "completed":
        this.completed = event;
        break;
    }
  }

  /** The assistant's turn as put together from the events. */
  message(): Message {
    return { role: Role.ASSISTANT, parts: this.#inOrder().map(partFrom) };
  }

  #piece(index: number, kind: Kind): Piece {
    const piece = this.#pieces.get(index);
    if (piece?.kind === kind) return piece;
    const fresh: Piece = { kind, text: "", id: "", name: "", issuer: "", opaqueState: undefined };
    this.#pieces.set(index, fresh);
    return fresh;
  }

  #discard(cut: () => void): void {
    const before = this.text;
    cut();
    this.voided = this.text !== before;
  }

  #cut(index: number, offset: number): void {
    const piece = this.#pieces.get(index);
    if (offset <= 0) this.#pieces.delete(index);
    else if (piece !== undefined) piece.text = beginning(piece.text, offset);
  }

  #inOrder(): Piece[] {
    return [...this.#pieces].sort(([one], [other]) => one - other).map(([, piece]) => piece);
  }

  #joined(kind: Kind): string {
    return this.#inOrder().reduce((text, piece) => (piece.kind === kind ? text + piece.text : text), "");
  }
}

/** The first so many code points of a text; a pair of surrogates is one. */
export function beginning(text: string, codePoints: number): string {
  let units = 0;
  for (let count = 0; count < codePoints && units < text.length; count += 1) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, units);
}

function partFrom(piece: Piece): Part {
  return { content: contentOf(piece), issuer: piece.issuer || undefined, opaqueState: piece.opaqueState };
}

function contentOf({ kind, text, id, name }: Piece): Part["content"] {
  switch (kind) {
    case "text":
    case "refusal":
      return { $case: kind, value: text };
    case "reasoning":
      return { $case: kind, value: { text } };
    case "toolCall":
      return { $case: kind, value: { id, name, argumentsJson: text } };
  }
}
