package io.github.remorallm;

/** What to do about a failed call. Why it failed is {@link RemoraException#reason()}. */
public enum ErrorKind {
  /** No sidecar took the call: start it, check REMORA_ADDRESS. Nothing was sent. */
  SIDECAR_UNREACHABLE,
  /** The request cannot be answered as it is; the field errors say what is wrong. */
  INVALID_REQUEST,
  /** The prompt does not fit the model's window; metadata {@code limit} in tokens, if known. */
  CONTEXT_TOO_LONG,
  /** A provider's safety system refused: change what is asked. */
  CONTENT_FILTERED,
  /** The request is over 32 MiB; nothing was sent. */
  REQUEST_TOO_LARGE,
  /** No such model, request id or scope; metadata {@code closest} has known names. */
  NOT_FOUND,
  /** The caller's own token is missing or wrong. */
  UNAUTHENTICATED,
  /** A provider refuses the sidecar's key, or what it asks for: the operator's to mend. */
  CREDENTIALS_REJECTED,
  /** Something is used up. */
  RESOURCE_EXHAUSTED,
  /** A rate limit, or the sidecar's capacity, is used up for now: come back later. */
  RATE_LIMITED,
  /** Money, quota or a spend limit is used up: waiting a little does not help. */
  QUOTA_EXHAUSTED,
  /** Temporary: no target could answer now. */
  UNAVAILABLE,
  /** The answer broke off after some of it had arrived. */
  STREAM_BROKEN,
  /** The connection to the sidecar broke during the call, which may have run. */
  SIDECAR_LOST,
  /** The call's time ran out. */
  DEADLINE_EXCEEDED,
  /** The call was cancelled: its stream closed, its thread interrupted, or the client closed. */
  CANCELLED,
  /** The sidecar does not do that yet; metadata {@code field} names it. */
  NOT_BUILT,
  /** A bug in the sidecar; metadata {@code error_id} is in its log. */
  INTERNAL,
  /** Text that {@link ChatStream#text()} had handed out became void. */
  TEXT_DISCARDED,
  /** None of these. */
  OTHER
}
