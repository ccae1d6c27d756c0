import assert from "node:assert/strict";
import { test } from "node:test";
import { context, createTraceState, trace, TraceFlags } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { traceContext } from "../src/tracing.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("the active span goes along with its state, unless the caller names a trace", () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  assert.deepEqual(traceContext(undefined), {});
  const span = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, traceState: createTraceState("a=1") };
  context.with(trace.setSpanContext(context.active(), span), () => {
    assert.deepEqual(traceContext(undefined), { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1" });
    assert.deepEqual(traceContext("00-x"), { traceparent: "00-x" });
  });
  const none = { traceId: "0".repeat(32), spanId, traceFlags: TraceFlags.NONE };
  context.with(trace.setSpanContext(context.active(), none), () => {
    assert.deepEqual(traceContext(undefined), {});
  });
});
