/** Plays one case of the clients' suite with this client. */

import { setTimeout as sleep } from "node:timers/promises";
import { context, trace, TraceFlags } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { type CallOptions, type ChatStream, Client, RemoraError } from "@remora-llm/client";
import {
  ChatRequest,
  CompleteRequest,
  EmbedRequest,
  ListModelsRequest,
  type Message,
  type Part,
} from "@remora-llm/client/pb";
import { answerLine, catalogLine, embeddingsLine, errorLine, eventLine, healthLine, say } from "./lines.js";
import { type Call, type Order, readOrder } from "./order.js";

/** Plays every call of the order on one client. */
async function main(): Promise<void> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const order = await readOrder();
  const remora = clientOf(order.client);
  let answer: Message | undefined;
  for (const call of order.calls) answer = await new Run(remora, call, answer).played();
  remora.close();
}

function clientOf({ address, token, timeout_s, connect_timeout_s }: Order["client"]): Client {
  return new Client({
    address,
    token,
    timeoutMs: milliseconds(timeout_s),
    connectTimeoutMs: milliseconds(connect_timeout_s),
  });
}

/** One call. */
class Run {
  readonly #remora: Client;
  readonly #call: Call;
  readonly #answer: Message | undefined;
  #printed = 0;
  #stream: ChatStream | undefined;

  constructor(remora: Client, call: Call, answer: Message | undefined) {
    this.#remora = remora;
    this.#call = call;
    this.#answer = answer;
  }

  /** Makes the call and prints what came of it; the assistant's turn if there is one. */
  async played(): Promise<Message | undefined> {
    try {
      return await context.with(this.#context(), () => this.#play());
    } catch (error) {
      if (!(error instanceof RemoraError)) throw error;
      say({ error: errorLine(error, this.#stream?.textSoFar ?? "") });
      return undefined;
    }
  }

  #context(): ReturnType<typeof context.active> {
    const { otel } = this.#call;
    if (otel === undefined) return context.active();
    const ids = { traceId: otel.trace_id, spanId: otel.span_id, traceFlags: TraceFlags.SAMPLED };
    return trace.setSpanContext(context.active(), ids);
  }

  async #play(): Promise<Message | undefined> {
    switch (this.#call.rpc) {
      case "chat":
        return this.#chat();
      case "complete": {
        const request = this.#appended(CompleteRequest.decode(this.#request()));
        const answer = await this.#remora.complete(request, this.#options());
        say({ end: answerLine(answer, answer.text) });
        return answer.message;
      }
      case "embed":
        say({
          end: embeddingsLine(await this.#remora.embed(EmbedRequest.decode(this.#request()), this.#options())),
        });
        return undefined;
      case "list_models": {
        const { provider } = ListModelsRequest.decode(this.#request());
        say({ end: catalogLine(await this.#remora.listModels({ provider, ...this.#options() })) });
        return undefined;
      }
      case "health":
        say({ end: healthLine(await this.#remora.health(this.#options())) });
        return undefined;
      case "watch_health":
        return this.#watchHealth();
      default:
        throw new TypeError("no such rpc");
    }
  }

  async #chat(): Promise<Message | undefined> {
    const request = this.#appended(ChatRequest.decode(this.#request()));
    const stream = this.#remora.chat(request, this.#options());
    this.#stream = stream;
    const isStopped = await this.#read(stream);
    await sleep(milliseconds(this.#call.linger_s) ?? 0);
    if (isStopped) {
      say({ stopped: { text: stream.textSoFar } });
      return undefined;
    }
    const answer = await stream.finish();
    say({ end: answerLine(answer, stream.textSoFar) });
    return stream.message;
  }

  async #watchHealth(): Promise<undefined> {
    const changes = this.#remora.watchHealth(this.#options());
    for await (const change of changes) {
      say({ change: healthLine(change) });
      if (!(await this.#printedOne(changes))) continue;
      await sleep(milliseconds(this.#call.linger_s) ?? 0);
      say({ stopped: { text: "" } });
      return;
    }
    say({ end: {} });
  }

  /** Reads as the call says; whether it was stopped. Leaving is a `break`; cancelling is `close()` before it. */
  async #read(stream: ChatStream): Promise<boolean> {
    switch (this.#call.read ?? "events") {
      case "events":
        for await (const event of stream) {
          say({ event: eventLine(event) });
          if (await this.#printedOne(stream)) return true;
        }
        return false;
      case "final":
        await stream.finalText();
        return false;
      case "text":
        return this.#readText(stream, undefined);
      case "text_discards":
        return this.#readText(stream, (discarded) => {
          say({ discarded });
        });
    }
  }

  async #readText(stream: ChatStream, onDiscard: ((text: string) => void) | undefined): Promise<boolean> {
    for await (const piece of stream.text(onDiscard)) {
      say({ piece });
      if (await this.#printedOne(stream)) return true;
    }
    return false;
  }

  /** Pauses and stops as the call says; whether it was stopped. */
  async #printedOne(stream: { close(): void }): Promise<boolean> {
    const { pause_after, pause_s, stop_after, stop } = this.#call;
    this.#printed += 1;
    if (this.#printed === pause_after) await sleep(milliseconds(pause_s) ?? 0);
    if (this.#printed !== stop_after) return false;
    if (stop === "cancel") stream.close();
    return true;
  }

  #request(): Uint8Array {
    return Buffer.from(this.#call.request ?? "", "base64");
  }

  #appended<Request extends { readonly messages: Message[] }>(request: Request): Request {
    if (this.#call.append_answer !== true || this.#answer === undefined) return request;
    const { messages } = request;
    for (const part of messages.at(-1)?.parts ?? []) answerTool(part, this.#answer);
    return { ...request, messages: messages.toSpliced(-1, 0, this.#answer) };
  }

  #options(): CallOptions {
    return { timeoutMs: milliseconds(this.#call.timeout_s), traceparent: this.#call.traceparent };
  }
}

/** A tool result for the call "@" is one for the answer's first call. */
function answerTool({ content }: Part, answer: Message): void {
  if (content?.$case !== "toolResult" || content.value.toolCallId !== "@") return;
  for (const { content: asked } of answer.parts.toReversed()) {
    if (asked?.$case === "toolCall") content.value.toolCallId = asked.value.id;
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : "cannot go on"}\n`);
  process.exitCode = 2;
}
