/** What the runner prints: the client's values in the suite's words. */

import { Message } from "@remora-llm/client/pb";
import type { Answer, Catalog, Embeddings, Event, Health, RemoraError, Target } from "@remora-llm/client";

/** One line, at once. */
export function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** An event under its name in the contract. */
export function eventLine(event: Event): object {
  const kind = event.kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  switch (event.kind) {
    case "started":
      return { kind, target: named(event.target), failed_over: event.failedOver };
    case "textDelta":
    case "reasoningDelta":
    case "refusalDelta":
      return { kind, part_index: event.partIndex, text: event.text };
    case "toolCallDelta": {
      const { partIndex, id, name, argumentsFragment } = event;
      return { kind, part_index: partIndex, id, name, arguments_fragment: argumentsFragment };
    }
    case "partCompleted": {
      const state = event.opaqueState === undefined ? null : base64(event.opaqueState);
      return { kind, part_index: event.partIndex, issuer: event.issuer, opaque_state: state };
    }
    case "citation":
      return { kind, part_index: event.partIndex, uri: event.uri };
    case "attempt":
      return { kind, target: named(event.attempt.target), reason: event.attempt.reason ?? null };
    case "failed":
      return { kind, reason: event.reason ?? null, message: event.message };
    case "resumed":
      return { kind, target: named(event.target), part_index: event.partIndex, offset: event.offset };
    case "restarted":
      return { kind, target: named(event.target) };
    case "partDiscarded":
      return { kind, part_index: event.partIndex, offset: event.offset };
    case "completed": {
      const { finishReason, endInferred, target, failedOver } = event;
      return {
        kind,
        finish_reason: finishReason ?? null,
        end_inferred: endInferred,
        target: named(target),
        failed_over: failedOver,
      };
    }
  }
}

/** A whole answer. */
export function answerLine(answer: Answer, text: string): object {
  return {
    text,
    message: base64(Message.encode(answer.message).finish()),
    finish_reason: answer.finishReason ?? null,
    target: named(answer.target),
    failed_over: answer.failedOver,
    end_inferred: answer.endInferred,
    output_tokens: answer.usage.outputTokens,
    request_id: answer.requestId,
    trace_id: answer.traceId,
    tool_calls: answer.toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, arguments_json: argumentsJson })),
    reasoning: answer.reasoning,
  };
}

/** Vectors. */
export function embeddingsLine(embeddings: Embeddings): object {
  return { vectors: embeddings.vectors, target: named(embeddings.target) };
}

/** What can be asked for. */
export function catalogLine(catalog: Catalog): object {
  return {
    models: catalog.models.map((model) => model.reference),
    aliases: catalog.aliases.map((alias) => alias.name),
    default_model: catalog.defaultModel ?? "",
  };
}

/** A snapshot, or a change. */
export function healthLine(health: Health): object {
  return {
    snapshot: health.snapshot,
    entries: health.entries.map(({ entry, state }) => ({ entry, state: state ?? null })),
  };
}

/** An error, and the text that had come. */
export function errorLine(error: RemoraError, text: string): object {
  const { report } = error;
  return {
    kind: error.kind,
    code: error.code ?? null,
    reason: error.reason ?? null,
    message: error.message,
    retry_after_s: error.retryAfterMs === undefined ? null : error.retryAfterMs / 1_000,
    field_errors: error.fieldErrors,
    metadata: error.metadata,
    request_id: error.requestId,
    trace_id: error.traceId,
    report: report
      ? {
          attempts: report.attempts.map(({ target, reason }) => ({ target: named(target), reason: reason ?? null })),
          attempts_left_out: report.truncated?.attempts ?? 0,
          failed_over: report.failedOver,
        }
      : null,
    text,
  };
}

function named(target: Target): string {
  return `${target.provider}/${target.model}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
