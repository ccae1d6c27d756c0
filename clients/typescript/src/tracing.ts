/** W3C trace context of the calling code. OpenTelemetry is used only where the application has its API installed. */

import { createRequire } from "node:module";
import type * as Api from "@opentelemetry/api";

/** The metadata of a call that says where in a trace it is made. */
export type TraceContext = Readonly<Record<string, string>>;

/** The given `traceparent`; else that of the active OpenTelemetry span, with its state; else nothing. */
export function traceContext(traceparent: string | undefined): TraceContext {
  if (traceparent !== undefined) return { traceparent };
  const api = openTelemetry();
  const span = api?.trace.getSpanContext(api.context.active());
  if (api === undefined || span === undefined || !api.isSpanContextValid(span)) return {};
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, "0");
  const active = { traceparent: `00-${span.traceId}-${span.spanId}-${flags}` };
  const tracestate = span.traceState?.serialize();
  return tracestate ? { ...active, tracestate } : active;
}

let loaded: { readonly api: typeof Api | undefined } | undefined;

/** Looked for once. Loaded in place, so that a call takes the span that is active where it is made. */
function openTelemetry(): typeof Api | undefined {
  loaded ??= { api: installed() };
  return loaded.api;
}

function installed(): typeof Api | undefined {
  try {
    return createRequire(import.meta.url)("@opentelemetry/api") as typeof Api;
  } catch {
    return undefined;
  }
}
