/** What the suite orders: one case, as JSON on standard input. */

import { buffer } from "node:stream/consumers";

/** One call of a case. */
export interface Call {
  readonly rpc: "chat" | "complete" | "embed" | "list_models" | "health" | "watch_health";
  /** The serialized request, base64. */
  readonly request?: string;
  readonly append_answer?: boolean;
  readonly timeout_s?: number;
  readonly traceparent?: string;
  readonly otel?: { readonly trace_id: string; readonly span_id: string };
  readonly read?: "events" | "text" | "text_discards" | "final";
  readonly stop_after?: number;
  readonly stop?: "cancel" | "leave";
  readonly linger_s?: number;
  readonly pause_after?: number;
  readonly pause_s?: number;
}

/** A case. */
export interface Order {
  readonly client: {
    readonly address?: string;
    readonly token?: string;
    readonly timeout_s?: number;
    readonly connect_timeout_s?: number;
  };
  readonly calls: readonly Call[];
}

/** The order on standard input; TypeError for what is none. */
export async function readOrder(): Promise<Order> {
  const text = (await buffer(process.stdin)).toString();
  try {
    const order = JSON.parse(text) as Partial<Order>;
    return { client: order.client ?? {}, calls: order.calls ?? [] };
  } catch {
    throw new TypeError("standard input must be one JSON object");
  }
}
