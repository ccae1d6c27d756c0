/** The one error of this client: `kind` says what to do, `reason` says why. */

import type { status } from "@grpc/grpc-js";
import type { Reason } from "./reason.js";
import type { FailoverReport } from "./report.js";

/**
 * What a caller would do:
 *
 * - `SIDECAR_UNREACHABLE`: no sidecar took the call: start it, check REMORA_ADDRESS; safe to call again
 * - `INVALID_REQUEST`: change the request; `fieldErrors` names the fields
 * - `CONTEXT_TOO_LONG`: shorten the conversation; `metadata.limit` in tokens, if known
 * - `CONTENT_FILTERED`: a provider's safety system refused: change what is asked
 * - `REQUEST_TOO_LARGE`: over 32 MiB; nothing was sent
 * - `NOT_FOUND`: no such model, request id or scope; `metadata.closest` has known names
 * - `UNAUTHENTICATED`: this caller's own token is missing or wrong
 * - `CREDENTIALS_REJECTED`: a provider refuses the sidecar's key: the operator's to mend
 * - `RESOURCE_EXHAUSTED`: something is used up
 * - `RATE_LIMITED`: come back after `retryAfterMs`
 * - `QUOTA_EXHAUSTED`: money or quota is gone: waiting a little does not help
 * - `UNAVAILABLE`: temporary: every target failed or is parked; `retryAfterMs` if known
 * - `STREAM_BROKEN`: the answer broke off; what arrived is in the stream's `textSoFar`
 * - `SIDECAR_LOST`: the connection to the sidecar broke; the call may have run
 * - `DEADLINE_EXCEEDED`: `timeoutMs` ran out
 * - `CANCELLED`: the caller cancelled the call or closed its stream; `cause` is the signal's reason
 * - `NOT_BUILT`: this version of the sidecar does not do that; `metadata.field`
 * - `INTERNAL`: a bug in Remora; `metadata.error_id` is in its log
 * - `TEXT_DISCARDED`: `stream.text()` only: text already handed out became void
 * - `OTHER`: none of these
 */
export type ErrorKind =
  | "SIDECAR_UNREACHABLE"
  | "INVALID_REQUEST"
  | "CONTEXT_TOO_LONG"
  | "CONTENT_FILTERED"
  | "REQUEST_TOO_LARGE"
  | "NOT_FOUND"
  | "UNAUTHENTICATED"
  | "CREDENTIALS_REJECTED"
  | "RESOURCE_EXHAUSTED"
  | "RATE_LIMITED"
  | "QUOTA_EXHAUSTED"
  | "UNAVAILABLE"
  | "STREAM_BROKEN"
  | "SIDECAR_LOST"
  | "DEADLINE_EXCEEDED"
  | "CANCELLED"
  | "NOT_BUILT"
  | "INTERNAL"
  | "TEXT_DISCARDED"
  | "OTHER";

/** The name of a gRPC status code. */
export type StatusCode = keyof typeof status;

/** One thing wrong with the request. */
export interface FieldError {
  /** The field's path, such as `messages[1].parts[0]`. */
  readonly field: string;
  readonly description: string;
}

/** What an error may say besides its kind and message. */
export interface ErrorFacts {
  readonly reason?: Reason | undefined;
  readonly code?: StatusCode | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly fieldErrors?: readonly FieldError[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly report?: FailoverReport | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly cause?: unknown;
}

/** Any failure of a call. Never carries what the caller wrote, what a model answered, or the token. */
export class RemoraError extends Error {
  /** What to do. */
  readonly kind: ErrorKind;
  /** Why, of the contract's list; absent where none is known. */
  readonly reason: Reason | undefined;
  /** The gRPC status; absent when the call was never sent. */
  readonly code: StatusCode | undefined;
  /** Milliseconds until a target is callable again, 0 or more; absent: not known. */
  readonly retryAfterMs: number | undefined;
  /** Everything wrong with the request. */
  readonly fieldErrors: readonly FieldError[];
  /** More about the reason, as the contract says with each value. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What was tried, at most a few KiB; `getReport(requestId)` has it whole for ten minutes. */
  readonly report: FailoverReport | undefined;
  /** The call's request id; empty if not known. */
  readonly requestId: string;
  /** The call's trace id, 32 hexadecimal digits; empty if not known. */
  readonly traceId: string;

  /** Made by the client; of use in tests of your own code too. */
  constructor(kind: ErrorKind, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "RemoraError";
    this.kind = kind;
    this.reason = facts.reason;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
    this.fieldErrors = facts.fieldErrors ?? [];
    this.metadata = facts.metadata ?? {};
    this.report = facts.report;
    this.requestId = facts.requestId ?? "";
    this.traceId = facts.traceId ?? "";
  }
}
