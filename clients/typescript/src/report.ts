/** What happened to a call, as plain values: durations in milliseconds, instants as Date, absent as undefined. */

import { milliseconds } from "./duration.js";
import { type LaterValue, type NameOf, nameOf } from "./enumeration.js";
import * as pb from "./gen/remora/v1/report.js";
import { type Reason, reasonOf } from "./reason.js";

/** One thing that can answer. */
export interface Target {
  /** The provider's name in the configuration. */
  readonly provider: string;
  /** The model id as sent to the provider. */
  readonly model: string;
  /** The name of the credential; absent where none was chosen yet. */
  readonly profile: string | undefined;
}

/** Tokens, each 0 or more; absent: not told. */
export interface Usage {
  readonly inputTokens: number;
  /** Reasoning included. */
  readonly outputTokens: number;
  readonly cachedInputTokens: number | undefined;
  readonly cacheWriteInputTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** Whether some count is Remora's estimate. */
  readonly estimated: boolean;
}

/** Money, in billionths of a US dollar. */
export interface Cost {
  readonly nanoDollars: number;
  /** Whether it rests on estimated usage. */
  readonly estimated: boolean;
}

/** Why an attempt was made. */
export type AttemptKind = NameOf<typeof pb.AttemptKind> | LaterValue;

/** Why an entry was passed over. */
export type SkipCause = NameOf<typeof pb.SkipCause> | LaterValue;

/** One upstream call. */
export interface Attempt {
  /** Its place among the call's attempts, from 1. */
  readonly index: number;
  readonly target: Target;
  readonly kind: AttemptKind | undefined;
  /** Why it failed; absent: it gave the answer. */
  readonly reason: Reason | undefined;
  /** The provider's HTTP status; absent: no answer arrived. */
  readonly upstreamStatus: number | undefined;
  readonly upstreamCode: string | undefined;
  readonly upstreamRequestId: string | undefined;
  /** What went wrong in the provider's words, redacted. */
  readonly message: string | undefined;
  readonly startTime: Date | undefined;
  /** From its start to its first content; absent: none came. */
  readonly firstContentMs: number | undefined;
  readonly totalMs: number;
  /** What the call waited before it. */
  readonly waitMs: number | undefined;
  readonly usage: Usage | undefined;
  readonly cost: Cost | undefined;
  /** The wait the provider asked for. */
  readonly retryAfterMs: number | undefined;
}

/** An entry that was passed over. */
export interface SkippedEntry {
  readonly target: Target;
  readonly cause: SkipCause | undefined;
  readonly reason: Reason | undefined;
  /** The same for a person. */
  readonly message: string;
  /** How long until it is callable again, from the moment it was skipped. */
  readonly retryAfterMs: number | undefined;
}

/** A change made to the request for one target, after the refusal of the attempt with that index. */
export interface Repair {
  readonly attemptIndex: number;
  readonly reason: Reason | undefined;
  readonly message: string;
}

/** What was left out of an error's report to keep it small. */
export interface Truncated {
  readonly attempts: number;
  readonly skipped: number;
  readonly messages: boolean;
}

/** Everything that happened to one call. */
export interface FailoverReport {
  readonly requestId: string;
  readonly traceId: string;
  /** The model asked for, as written. */
  readonly requestedModel: string;
  /** What answered; absent: nothing did. */
  readonly actualTarget: Target | undefined;
  readonly failedOver: boolean;
  /** Every upstream call, in order of start. */
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly SkippedEntry[];
  readonly repairs: readonly Repair[];
  /** Why the call failed; absent: it did not. */
  readonly reason: Reason | undefined;
  readonly message: string;
  readonly startTime: Date | undefined;
  readonly totalMs: number;
  readonly truncated: Truncated | undefined;
}

/** The target a message names; empty names for none. */
export function targetFrom(message: pb.Target | undefined): Target {
  return { provider: message?.provider ?? "", model: message?.model ?? "", profile: message?.profile };
}

/** The tokens a message counts; zeros for none. */
export function usageFrom(message: pb.Usage = pb.Usage.create()): Usage {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens, reasoningTokens, estimated } = message;
  return { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens, reasoningTokens, estimated };
}

/** The money a message states; undefined for none. */
export function costFrom(message: pb.Cost | undefined): Cost | undefined {
  return message && { nanoDollars: message.nanoDollars, estimated: message.estimated };
}

/** The attempt a message tells of. */
export function attemptFrom(message: pb.Attempt = pb.Attempt.create()): Attempt {
  return {
    index: message.index,
    target: targetFrom(message.target),
    kind: nameOf(pb.AttemptKind, message.kind),
    reason: reasonOf(message.reason),
    upstreamStatus: message.upstreamStatus,
    upstreamCode: message.upstreamCode,
    upstreamRequestId: message.upstreamRequestId,
    message: message.message,
    startTime: message.startTime,
    firstContentMs: milliseconds(message.firstContentDuration),
    totalMs: milliseconds(message.totalDuration) ?? 0,
    waitMs: milliseconds(message.waitDuration),
    usage: message.usage && usageFrom(message.usage),
    cost: costFrom(message.cost),
    retryAfterMs: milliseconds(message.retryAfterDuration),
  };
}

/** The report a message carries; an empty one for none. */
export function reportFrom(message: pb.FailoverReport = pb.FailoverReport.create()): FailoverReport {
  const { truncated } = message;
  return {
    requestId: message.requestId,
    traceId: message.traceId,
    requestedModel: message.requestedModel,
    actualTarget: message.actualTarget && targetFrom(message.actualTarget),
    failedOver: message.failedOver,
    attempts: message.attempts.map(attemptFrom),
    skipped: message.skipped.map(skippedFrom),
    repairs: message.repairs.map(repairFrom),
    reason: reasonOf(message.reason),
    message: message.message,
    startTime: message.startTime,
    totalMs: milliseconds(message.totalDuration) ?? 0,
    truncated: truncated && {
      attempts: truncated.attempts,
      skipped: truncated.skipped,
      messages: truncated.messages,
    },
  };
}

function skippedFrom(message: pb.SkippedEntry): SkippedEntry {
  return {
    target: targetFrom(message.target),
    cause: nameOf(pb.SkipCause, message.cause),
    reason: reasonOf(message.reason),
    message: message.message,
    retryAfterMs: milliseconds(message.retryAfterDuration),
  };
}

function repairFrom(message: pb.Repair): Repair {
  return { attemptIndex: message.attemptIndex, reason: reasonOf(message.reason), message: message.message };
}
