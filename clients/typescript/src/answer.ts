/** The whole answer: what `complete` gives, and what a stream ends with. */

import { type LaterValue, type NameOf, nameOf } from "./enumeration.js";
import * as pb from "./gen/remora/v1/chat.js";
import { Message, Role } from "./gen/remora/v1/content.js";
import {
  type Cost,
  costFrom,
  type FailoverReport,
  reportFrom,
  type Target,
  targetFrom,
  type Usage,
  usageFrom,
} from "./report.js";

/** Why a model stopped. */
export type FinishReason = NameOf<typeof pb.FinishReason> | LaterValue;

/** A call the model wants made. Answer it with `toolResult(call.id, …)`. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: meant to be a JSON object; may be cut off. */
  readonly argumentsJson: string;
}

/** A whole answer. */
export interface Answer {
  /** The text. Empty where the answer has none, as with tool calls. */
  readonly text: string;
  /** The reasoning the provider showed. */
  readonly reasoning: string;
  /** The model's refusal in its own words; empty: it did not refuse. */
  readonly refusal: string;
  /** The calls the model wants made, in order. */
  readonly toolCalls: readonly ToolCall[];
  /** The assistant's turn, ready to append to the conversation. Of `complete` with `omitMessage`: without parts. */
  readonly message: Message;
  readonly finishReason: FinishReason | undefined;
  /** Whether the finish reason was inferred from a finished tool call instead of told by the provider. */
  readonly endInferred: boolean;
  /** Tokens of the answer as delivered. */
  readonly usage: Usage;
  /** Tokens of all attempts. */
  readonly totalUsage: Usage;
  /** Cost of all attempts; absent: a price is not known. */
  readonly cost: Cost | undefined;
  /** The model asked for, as written; the default model's name if none was. */
  readonly requestedModel: string;
  /** What answered. */
  readonly target: Target;
  /** The provider's id of the answer. */
  readonly responseId: string | undefined;
  /** Whether the answering entry is not the chain's first. */
  readonly failedOver: boolean;
  /** Everything that happened. */
  readonly report: FailoverReport;
  /** The call's request id: the caller's, or the one generated. */
  readonly requestId: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
}

/** The answer of either message of the contract; `assembled` is the turn where the message has none. */
export function answerFrom(response: pb.CompleteResponse | pb.Completed, assembled?: Message): Answer {
  const message = response.message ?? assembled ?? { role: Role.ASSISTANT, parts: [] };
  const report = reportFrom(response.report);
  return {
    ...contentOf(message),
    message,
    finishReason: nameOf(pb.FinishReason, response.finishReason),
    endInferred: response.endInferred,
    usage: usageFrom(response.usage),
    totalUsage: usageFrom(response.totalUsage),
    cost: costFrom(response.cost),
    requestedModel: response.requestedModel,
    target: targetFrom(response.target),
    responseId: response.responseId,
    failedOver: response.failedOver,
    report,
    requestId: report.requestId,
    traceId: response.traceId,
  };
}

/** The arguments of a call, parsed; SyntaxError if the model wrote broken JSON. */
export function argumentsOf(call: ToolCall): unknown {
  return JSON.parse(call.argumentsJson || "{}");
}

function contentOf(message: Message): Pick<Answer, "text" | "reasoning" | "refusal" | "toolCalls"> {
  const found = { text: "", reasoning: "", refusal: "", toolCalls: [] as ToolCall[] };
  for (const { content } of message.parts) {
    switch (content?.$case) {
      case "text":
        found.text += content.value;
        break;
      case "reasoning":
        found.reasoning += content.value.text;
        break;
      case "refusal":
        found.refusal += content.value;
        break;
      case "toolCall": {
        const { id, name, argumentsJson } = content.value;
        found.toolCalls.push({ id, name, argumentsJson });
        break;
      }
    }
  }
  return found;
}
