/** Turns a gRPC status into the typed error: the only place that reads status details. */

import { type Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { milliseconds } from "./duration.js";
import { type ErrorFacts, type ErrorKind, RemoraError, type StatusCode } from "./errors.js";
import { BadRequest, ErrorInfo, RetryInfo } from "./gen/google/rpc/error_details.js";
import { Status } from "./gen/google/rpc/status.js";
import { FailoverReport } from "./gen/remora/v1/report.js";
import type { KnownReason } from "./reason.js";
import { reportFrom } from "./report.js";

const DOMAIN = "remora";
const DETAILS_KEY = "grpc-status-details-bin";

/** Where a reason says more than its status code does. */
const BY_REASON: ReadonlyMap<string, ErrorKind> = new Map<KnownReason, ErrorKind>([
  ["CONTEXT_LENGTH", "CONTEXT_TOO_LONG"],
  ["CONTENT_FILTERED", "CONTENT_FILTERED"],
  ["RATE_LIMITED", "RATE_LIMITED"],
  ["BUSY", "RATE_LIMITED"],
  ["BILLING", "QUOTA_EXHAUSTED"],
  ["SPEND_LIMIT", "QUOTA_EXHAUSTED"],
  ["STREAM_BROKEN", "STREAM_BROKEN"],
]);

const BY_CODE: Readonly<Partial<Record<StatusCode, ErrorKind>>> = {
  INVALID_ARGUMENT: "INVALID_REQUEST",
  NOT_FOUND: "NOT_FOUND",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  FAILED_PRECONDITION: "CREDENTIALS_REJECTED",
  RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
  UNAVAILABLE: "UNAVAILABLE",
  DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
  CANCELLED: "CANCELLED",
  UNIMPLEMENTED: "NOT_BUILT",
  INTERNAL: "INTERNAL",
};

/** gRPC's own words for these name connections and timers: ours say what matters. */
const OWN_WORDS: Readonly<Partial<Record<StatusCode, string>>> = {
  DEADLINE_EXCEEDED: "the call's time limit ran out",
  CANCELLED: "the call was cancelled",
};

/** What can be read of the details. */
interface Details {
  info?: ErrorInfo;
  retry?: RetryInfo;
  badRequest?: BadRequest;
  report?: FailoverReport;
}

/** The error of a status that is not OK, also of one without details, such as a broken connection's. */
export function errorFrom(failed: StatusObject, address: string): RemoraError {
  const code = (failed.code in status ? status[failed.code] : "UNKNOWN") as StatusCode;
  const details = detailsOf(failed.metadata);
  const { info } = details;
  if (info === undefined && code === "UNAVAILABLE") {
    return new RemoraError("SIDECAR_LOST", `the connection to the sidecar at ${address} broke; the call may have run`, {
      code,
      ...idsOf(info, failed.metadata),
    });
  }
  const reason = info?.reason || undefined;
  const kind = BY_REASON.get(reason ?? "") ?? BY_CODE[code] ?? "OTHER";
  const words = (info === undefined && OWN_WORDS[code]) || failed.details || code.replaceAll("_", " ").toLowerCase();
  return new RemoraError(kind, words, { code, reason, ...factsOf(details), ...idsOf(info, failed.metadata) });
}

function factsOf({ info, retry, badRequest, report }: Details): ErrorFacts {
  return {
    metadata: info?.metadata,
    retryAfterMs: milliseconds(retry?.retryDelay),
    fieldErrors: badRequest?.fieldViolations.map(({ field, description }) => ({ field, description })),
    report: report && reportFrom(report),
  };
}

function idsOf(info: ErrorInfo | undefined, trailers: Metadata): ErrorFacts {
  return {
    requestId: info?.metadata["request_id"] || textOf(trailers, "remora-request-id"),
    traceId: info?.metadata["trace_id"] || textOf(trailers, "remora-trace-id"),
  };
}

function textOf(trailers: Metadata, key: string): string {
  const value = trailers.get(key)[0];
  return typeof value === "string" ? value : "";
}

/** What cannot be read is left out: it must not become a second error. */
function detailsOf(trailers: Metadata): Details {
  const details: Details = {};
  const raw = trailers.get(DETAILS_KEY)[0];
  if (raw === undefined || typeof raw === "string") return details;
  for (const { typeUrl, value } of readable(() => Status.decode(raw))?.details ?? []) {
    readable(() => {
      take(details, typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value);
    });
  }
  return details;
}

function take(details: Details, name: string, value: Uint8Array): void {
  switch (name) {
    case "google.rpc.ErrorInfo": {
      const info = ErrorInfo.decode(value);
      if (info.domain === DOMAIN) details.info = info;
      break;
    }
    case "google.rpc.RetryInfo":
      details.retry = RetryInfo.decode(value);
      break;
    case "google.rpc.BadRequest":
      details.badRequest = BadRequest.decode(value);
      break;
    case "remora.v1.FailoverReport":
      details.report = FailoverReport.decode(value);
      break;
  }
}

function readable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
