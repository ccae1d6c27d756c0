import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import type { RemoraError } from "../src/errors.js";
import { BadRequest, ErrorInfo, RetryInfo } from "../src/gen/google/rpc/error_details.js";
import { Status } from "../src/gen/google/rpc/status.js";
import { ErrorReason } from "../src/gen/remora/v1/error_reason.js";
import { AttemptKind, FailoverReport } from "../src/gen/remora/v1/report.js";
import { errorFrom } from "../src/status.js";

function any(name: string, value: Uint8Array): { typeUrl: string; value: Uint8Array } {
  return { typeUrl: `type.googleapis.com/${name}`, value };
}

function info(reason: string, domain = "remora", metadata = {}): ReturnType<typeof any> {
  return any("google.rpc.ErrorInfo", ErrorInfo.encode({ reason, domain, metadata }).finish());
}

function decoded(code: status, details: ReturnType<typeof any>[], trailers: Record<string, string> = {}): RemoraError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  const packed = Status.encode({ code, message: "", details }).finish();
  if (details.length > 0) metadata.set("grpc-status-details-bin", Buffer.from(packed));
  return errorFrom({ code, details: "the message", metadata }, "here:1");
}

test("the kind is by reason, else by code", () => {
  const kinds = (pairs: [status, string][]) => pairs.map(([code, reason]) => decoded(code, [info(reason)]).kind);
  assert.deepEqual(
    kinds([
      [status.INVALID_ARGUMENT, "CONTEXT_LENGTH"],
      [status.INVALID_ARGUMENT, "CONTENT_FILTERED"],
      [status.RESOURCE_EXHAUSTED, "BUSY"],
      [status.RESOURCE_EXHAUSTED, "BILLING"],
      [status.RESOURCE_EXHAUSTED, "SPEND_LIMIT"],
      [status.UNAVAILABLE, "STREAM_BROKEN"],
      [status.UNAVAILABLE, "OVERLOADED"],
      [status.FAILED_PRECONDITION, "AUTHENTICATION"],
      [status.UNIMPLEMENTED, "NOT_BUILT"],
      [status.ABORTED, "INTERNAL"],
    ]),
    [
      "CONTEXT_TOO_LONG",
      "CONTENT_FILTERED",
      "RATE_LIMITED",
      "QUOTA_EXHAUSTED",
      "QUOTA_EXHAUSTED",
      "STREAM_BROKEN",
      "UNAVAILABLE",
      "CREDENTIALS_REJECTED",
      "NOT_BUILT",
      "OTHER",
    ],
  );
});

test("a reason of a later version stays readable, and no name of JavaScript's is taken for one", () => {
  for (const reason of ["SOLAR_FLARE", "constructor", "__proto__"]) {
    const error = decoded(status.UNAVAILABLE, [info(reason)]);
    assert.deepEqual([error.kind, error.reason], ["UNAVAILABLE", reason]);
  }
});

test("everything in the details is told", () => {
  const report = FailoverReport.create({
    requestId: "r",
    attempts: [{ target: { provider: "a", model: "m" }, kind: AttemptKind.FIRST, reason: ErrorReason.OVERLOADED }],
    totalDuration: { seconds: 1, nanos: 5e8 },
    truncated: { attempts: 2 },
  });
  const error = decoded(status.RESOURCE_EXHAUSTED, [
    info("RATE_LIMITED", "remora", { request_id: "r", trace_id: "t", limit: "10" }),
    any("google.rpc.RetryInfo", RetryInfo.encode({ retryDelay: { seconds: 1, nanos: 5e8 } }).finish()),
    any("google.rpc.BadRequest", BadRequest.encode({ fieldViolations: [{ field: "f", description: "d" }] }).finish()),
    any("remora.v1.FailoverReport", FailoverReport.encode(report).finish()),
  ]);
  assert.equal(error.message, "the message");
  assert.deepEqual([error.code, error.retryAfterMs], ["RESOURCE_EXHAUSTED", 1_500]);
  assert.deepEqual([error.requestId, error.traceId, error.metadata["limit"]], ["r", "t", "10"]);
  assert.deepEqual(error.fieldErrors, [{ field: "f", description: "d" }]);
  const attempt = error.report?.attempts[0];
  assert.deepEqual([attempt?.target.model, attempt?.kind, attempt?.reason], ["m", "FIRST", "OVERLOADED"]);
  assert.deepEqual([error.report?.totalMs, error.report?.truncated?.attempts], [1_500, 2]);
});

test("UNAVAILABLE without our details is a lost sidecar, also with another's", () => {
  for (const details of [[], [info("X", "googleapis.com")]]) {
    const error = decoded(status.UNAVAILABLE, details, { "remora-request-id": "r" });
    assert.deepEqual([error.kind, error.reason, error.requestId], ["SIDECAR_LOST", undefined, "r"]);
    assert.match(error.message, /the connection to the sidecar at here:1 broke; the call may have run/);
  }
});

test("details that cannot be read are left out", () => {
  const broken = new Uint8Array([0xff, 0xff]);
  const error = decoded(
    status.INVALID_ARGUMENT,
    [info("INVALID_INPUT"), any("google.rpc.RetryInfo", broken), any("of.another.Kind", broken)],
    { "remora-trace-id": "t" },
  );
  assert.deepEqual([error.reason, error.retryAfterMs, error.traceId], ["INVALID_INPUT", undefined, "t"]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(broken));
  assert.equal(errorFrom({ code: status.INTERNAL, details: "m", metadata }, "x:1").kind, "INTERNAL");
});

test("a time limit of this side is said in words", () => {
  assert.equal(decoded(status.DEADLINE_EXCEEDED, []).message, "the call's time limit ran out");
});
