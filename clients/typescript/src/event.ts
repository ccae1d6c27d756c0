/** The events of an answer, told apart by `kind`. */

import { type Answer, answerFrom } from "./answer.js";
import type { ChatResponse } from "./gen/remora/v1/chat.js";
import type { Message } from "./gen/remora/v1/content.js";
import { type Reason, reasonOf } from "./reason.js";
import { type Attempt, attemptFrom, type FailoverReport, reportFrom, type Target, targetFrom } from "./report.js";

/** An answer begins: comes once, right before the first content. */
export interface Started {
  readonly kind: "started";
  readonly target: Target;
  /** Whether the target is not the chain's first entry. */
  readonly failedOver: boolean;
}

/** A piece of text, of reasoning, or of the model's refusal, to append to the part with that index, from 0. */
export interface Delta<Kind extends string> {
  readonly kind: Kind;
  readonly partIndex: number;
  readonly text: string;
}

/** A piece of text. */
export type TextDelta = Delta<"textDelta">;
/** A piece of reasoning. */
export type ReasoningDelta = Delta<"reasoningDelta">;
/** A piece of the model's refusal. */
export type RefusalDelta = Delta<"refusalDelta">;

/** A piece of a tool call. `id` and `name` come with its first piece and are empty after. */
export interface ToolCallDelta {
  readonly kind: "toolCallDelta";
  readonly partIndex: number;
  readonly id: string;
  readonly name: string;
  readonly argumentsFragment: string;
}

/** A source cited for a text part. Offsets count code points of the part, the end exclusive; absent: not told. */
export interface Citation {
  readonly kind: "citation";
  readonly partIndex: number;
  readonly uri: string;
  readonly title: string;
  readonly citedText: string;
  readonly startOffset: number | undefined;
  readonly endOffset: number | undefined;
}

/** A part is whole. `opaqueState` can be read by its issuer only; the answer's `message` carries it on. */
export interface PartCompleted {
  readonly kind: "partCompleted";
  readonly partIndex: number;
  readonly issuer: string;
  readonly opaqueState: Uint8Array | undefined;
}

/** An attempt ended. Only with `includeAttempts`. */
export interface AttemptEnded {
  readonly kind: "attempt";
  readonly attempt: Attempt;
}

/** The call is about to end with an error; this report is whole. Only with `includeAttempts`. */
export interface Failed {
  readonly kind: "failed";
  readonly reason: Reason | undefined;
  readonly message: string;
  readonly report: FailoverReport;
}

/** Another target goes on from what was sent. The seam is at that code point of that part; nothing is void. */
export interface Resumed {
  readonly kind: "resumed";
  readonly target: Target;
  readonly partIndex: number;
  readonly offset: number;
}

/** The answer begins again: everything received so far is void, and parts count from 0. */
export interface Restarted {
  readonly kind: "restarted";
  readonly target: Target;
}

/** What is at and behind this code point of the part is void; 0: the whole part. */
export interface PartDiscarded {
  readonly kind: "partDiscarded";
  readonly partIndex: number;
  readonly offset: number;
}

/** The answer is whole. Ends every successful stream. */
export interface Completed extends Answer {
  readonly kind: "completed";
}

/** One event of an answer. Kinds of later versions are passed over before they get here. */
export type Event =
  | Started
  | TextDelta
  | ReasoningDelta
  | RefusalDelta
  | ToolCallDelta
  | Citation
  | PartCompleted
  | AttemptEnded
  | Failed
  | Resumed
  | Restarted
  | PartDiscarded
  | Completed;

/** The event a message carries, `assembled` the turn so far; undefined for a kind this version does not know. */
export function eventFrom({ event }: ChatResponse, assembled: () => Message): Event | undefined {
  switch (event?.$case) {
    case "started":
      return { kind: "started", target: targetFrom(event.value.target), failedOver: event.value.failedOver };
    case "textDelta":
    case "reasoningDelta":
    case "refusalDelta":
      return { kind: event.$case, partIndex: event.value.partIndex, text: event.value.text };
    case "toolCallDelta": {
      const { partIndex, id, name, argumentsFragment } = event.value;
      return { kind: "toolCallDelta", partIndex, id, name, argumentsFragment };
    }
    case "citation": {
      const { partIndex, uri, title, citedText, startOffset, endOffset } = event.value;
      return { kind: "citation", partIndex, uri, title, citedText, startOffset, endOffset };
    }
    case "partCompleted": {
      const { partIndex, issuer, opaqueState } = event.value;
      return { kind: "partCompleted", partIndex, issuer, opaqueState };
    }
    case "attempt":
      return { kind: "attempt", attempt: attemptFrom(event.value.attempt) };
    case "failed": {
      const { reason, message, report } = event.value;
      return { kind: "failed", reason: reasonOf(reason), message, report: reportFrom(report) };
    }
    case "resumed": {
      const { target, partIndex, offset } = event.value;
      return { kind: "resumed", target: targetFrom(target), partIndex, offset };
    }
    case "restarted":
      return { kind: "restarted", target: targetFrom(event.value.target) };
    case "partDiscarded":
      return { kind: "partDiscarded", partIndex: event.value.partIndex, offset: event.value.offset };
    case "completed":
      return { kind: "completed", ...answerFrom(event.value, assembled()) };
    case undefined:
      return undefined;
  }
}
