/** The client. */

import { type Answer, answerFrom } from "./answer.js";
import { type Catalog, catalogFrom, type Embeddings, embeddingsFrom } from "./catalog.js";
import { ChatStream } from "./chat-stream.js";
import { Connection, type Order } from "./connection.js";
import type { Prompt } from "./conversation.js";
import { RemoraError } from "./errors.js";
import { HealthCheckResponse_ServingStatus } from "./gen/grpc/health/v1/health.js";
import { ChatRequest, type CompleteRequest, EmbedRequest, ListModelsRequest } from "./gen/remora/v1/chat.js";
import { HealthRequest } from "./gen/remora/v1/health.js";
import { type Health, healthFrom, type HealthReset, type HealthScope, resetRequest } from "./health.js";
import * as methods from "./method.js";
import { type FailoverReport, reportFrom } from "./report.js";
import {
  type CallOptions,
  type ChatOptions,
  chatRequest,
  type EmbedOptions,
  embedRequest,
  type Inputs,
} from "./request.js";
import { type ClientOptions, positive, settingsFrom } from "./settings.js";
import { Source } from "./source.js";
import { Stop } from "./stop.js";
import { Stream } from "./stream.js";
import { traceContext } from "./tracing.js";

/**
 * A connection to the sidecar, made with the first call; make one and share it.
 *
 * Calls throw RemoraError, and TypeError for arguments that cannot be. No call is ever repeated by the client.
 */
export class Client implements AsyncDisposable {
  readonly #connection: Connection;

  /** @throws TypeError for an address or a time limit that cannot be */
  constructor(options: ClientOptions = {}) {
    this.#connection = new Connection(settingsFrom(options));
  }

  /** Where the sidecar is expected. */
  get address(): string {
    return this.#connection.address;
  }

  /**
   * The stream of an answer's events; the call starts with the first read.
   *
   * `model`: an alias, a pool, "provider/model-id" or a model id; undefined: the configuration's default.
   */
  chat(model: string | undefined, prompt: Prompt, options?: ChatOptions): ChatStream;
  /** The same for a request as the contract has it; what it leaves out is absent. */
  chat(request: Partial<ChatRequest>, options?: CallOptions): ChatStream;
  chat(asked: Asked<ChatRequest>, prompt?: Prompt | CallOptions, rest?: ChatOptions): ChatStream {
    const [request, options] = chatCall(asked, prompt, rest);
    const order = orderOf(methods.CHAT, request, options);
    const stop = new Stop(options.signal);
    return new ChatStream(stop, () => this.#connection.stream(order, stop));
  }

  /** The whole answer in one piece; a break on the way is recovered without a trace. */
  complete(model: string | undefined, prompt: Prompt, options?: ChatOptions): Promise<Answer>;
  /** The same for a request as the contract has it; what it leaves out is absent. */
  complete(request: Partial<CompleteRequest>, options?: CallOptions): Promise<Answer>;
  async complete(asked: Asked<CompleteRequest>, prompt?: Prompt | CallOptions, rest?: ChatOptions): Promise<Answer> {
    const [request, options] = chatCall(asked, prompt, rest);
    return answerFrom(await this.#unary(methods.COMPLETE, request, options));
  }

  /** One vector for each text, in order. */
  embed(model: string | undefined, inputs: Inputs, options?: EmbedOptions): Promise<Embeddings>;
  /** The same for a request as the contract has it; what it leaves out is absent. */
  embed(request: Partial<EmbedRequest>, options?: CallOptions): Promise<Embeddings>;
  async embed(asked: Asked<EmbedRequest>, inputs?: Inputs | CallOptions, rest?: EmbedOptions): Promise<Embeddings> {
    const [request, options] = embedCall(asked, inputs, rest);
    return embeddingsFrom(await this.#unary(methods.EMBED, request, options));
  }

  /** What can be asked for, of one provider or of all, and whether it is available now. */
  async listModels(options: CallOptions & { readonly provider?: string | undefined } = {}): Promise<Catalog> {
    const request = ListModelsRequest.create({ provider: options.provider });
    return catalogFrom(await this.#unary(methods.LIST_MODELS, request, options));
  }

  /** Whether the sidecar takes calls: it listens, and does not drain. Needs no token. */
  async isServing(options: CallOptions = {}): Promise<boolean> {
    const { status } = await this.#unary(methods.CHECK, { service: "" }, options);
    return status === HealthCheckResponse_ServingStatus.SERVING;
  }

  /** A snapshot of every entry and profile. */
  async health(options: CallOptions = {}): Promise<Health> {
    let snapshot: Health | undefined;
    for await (const health of this.#healthStream(false, options)) snapshot ??= health;
    if (snapshot === undefined) throw new RemoraError("OTHER", "the sidecar sent no snapshot");
    return snapshot;
  }

  /** A snapshot and then each change; without a time limit unless one is given. */
  watchHealth(options: CallOptions = {}): Stream<Health> {
    return this.#healthStream(true, { ...options, timeoutMs: options.timeoutMs ?? Infinity });
  }

  /** What happened to the last ten minutes' calls with that id: newest first, at most 10; `NOT_FOUND` for none. */
  async getReport(requestId: string, options: CallOptions = {}): Promise<FailoverReport[]> {
    const { reports } = await this.#unary(methods.GET_REPORT, { requestId }, options);
    return reports.map((report) => reportFrom(report));
  }

  /** Forgets breakers and cooldowns; `NOT_FOUND` for a scope that is not known. */
  async resetHealth(scope: HealthScope, options: CallOptions = {}): Promise<HealthReset> {
    const { entries, profiles } = await this.#unary(methods.RESET_HEALTH, resetRequest(scope), options);
    return { entries, profiles };
  }

  /** Cancels what still runs and disconnects. An open client alone does not keep the process alive. */
  close(): void {
    this.#connection.close();
  }

  /** `await using` closes the client. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #unary<Request, Response>(
    method: methods.Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    return this.#connection.unary(orderOf(method, request, options), options.signal);
  }

  #healthStream(watch: boolean, options: CallOptions): Stream<Health> {
    const order = orderOf(methods.HEALTH, HealthRequest.create({ watch }), options);
    const stop = new Stop(options.signal);
    const start = () => this.#connection.stream(order, stop);
    return new Stream(Source.of(stop, { start, receive: healthFrom, endError: () => undefined }));
  }
}

/** The first argument of a call: a model, or the whole request. */
type Asked<Request> = string | undefined | Partial<Request>;

function chatCall(
  asked: Asked<ChatRequest>,
  prompt: Prompt | CallOptions | undefined,
  options: ChatOptions = {},
): [ChatRequest, CallOptions] {
  // Not copied in depth: what a later version's sidecar put into an answer's turn goes back to it.
  if (typeof asked === "object") return [{ ...ChatRequest.create(), ...asked }, (prompt ?? {}) as CallOptions];
  return [chatRequest(asked, prompt as Prompt, options), options];
}

function embedCall(
  asked: Asked<EmbedRequest>,
  inputs: Inputs | CallOptions | undefined,
  options: EmbedOptions = {},
): [EmbedRequest, CallOptions] {
  if (typeof asked === "object") return [{ ...EmbedRequest.create(), ...asked }, (inputs ?? {}) as CallOptions];
  return [embedRequest(asked, inputs as Inputs, options), options];
}

/**
 * The call as it is now: what the caller changes later, the conversation above all, does not reach it.
 *
 * TypeError for a time limit that cannot be, and for a value that the contract's field cannot have.
 */
function orderOf<Request, Response>(
  method: methods.Method<Request, Response>,
  request: Request,
  options: CallOptions,
): Order<Response> {
  return {
    method,
    request: encoded(method, request),
    timeoutMs: options.timeoutMs === undefined ? undefined : positive(options.timeoutMs, "timeoutMs"),
    trace: traceContext(options.traceparent),
  };
}

function encoded<Request>(method: methods.Method<Request, unknown>, request: Request): Uint8Array {
  try {
    return method.encode(request);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`the request has a value that cannot be: ${why}`, { cause: error });
  }
}
