/** Requests: the options of a call, and the message they become. */

import { type Json, type Prompt, conversationOf, jsonText } from "./conversation.js";
import { type Choice, numberOf } from "./enumeration.js";
import { ChatRequest, EmbedRequest, EmbedTask } from "./gen/remora/v1/chat.js";
import {
  Reasoning_Effort,
  type Reasoning,
  type ResponseFormat,
  ResponseFormat_Kind,
  type Tool,
  type ToolChoice,
  ToolChoice_Mode,
} from "./gen/remora/v1/content.js";
import { type Policy, policyMessage } from "./policy.js";
import { whole } from "./settings.js";

/** What every call takes. */
export interface CallOptions {
  /** How long the call may take in all, in milliseconds, over 0; `Infinity`: no limit. Absent: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call when it aborts: RemoraError of kind `CANCELLED`, with the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
  /** W3C `traceparent` of the call. Absent: the active OpenTelemetry span's, if there is one. */
  readonly traceparent?: string | undefined;
}

/** The options of `chat` and `complete`; bounds and defaults are those of `remora.v1.ChatRequest`. */
export interface ChatOptions extends CallOptions {
  /** References to try after the model, in order, before the configured fallbacks. */
  readonly fallbackModels?: readonly string[] | undefined;
  /** The tools the model may call, as `tool` makes them. */
  readonly tools?: readonly Tool[] | undefined;
  /** Which of them it may or must call; `namedTool` for a certain one. */
  readonly toolChoice?: "auto" | "none" | "required" | ToolChoice | undefined;
  /** Whether it may call several at once. */
  readonly parallelToolCalls?: boolean | undefined;
  /** What form the answer must have; `jsonSchema` for one that follows a schema. */
  readonly responseFormat?: "text" | "json" | ResponseFormat | undefined;
  /** Output tokens at the most, from 1. */
  readonly maxOutputTokens?: number | undefined;
  /** 0 to 2. */
  readonly temperature?: number | undefined;
  /** Over 0 to 1. */
  readonly topP?: number | undefined;
  /** From 1. */
  readonly topK?: number | undefined;
  /** Texts that end the answer. */
  readonly stop?: string | readonly string[] | undefined;
  /** A safe integer. */
  readonly seed?: number | undefined;
  /** -2 to 2. */
  readonly presencePenalty?: number | undefined;
  /** -2 to 2. */
  readonly frequencyPenalty?: number | undefined;
  /** How hard the model thinks. */
  readonly reasoningEffort?: Choice<typeof Reasoning_Effort> | undefined;
  /** At most this many tokens of reasoning, from 1. */
  readonly reasoningBudgetTokens?: number | undefined;
  /** Settings of one wire protocol, by the protocol's name, merged into the upstream body. */
  readonly providerOptions?: Readonly<Record<string, Json>> | undefined;
  /** The switches of this call. */
  readonly policy?: Policy | undefined;
  /** Calls with the same key prefer the same profile. */
  readonly affinityKey?: string | undefined;
  /** A label for this call, at most 128 printable ASCII characters. Absent: generated. */
  readonly requestId?: string | undefined;
  /** The application's id of its end user. */
  readonly endUserId?: string | undefined;
  /** Tags for spans and spend. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Whether to tell of each attempt as it ends. */
  readonly includeAttempts?: boolean | undefined;
  /** Whether to leave the message out of the end of the stream; the client puts it together instead. */
  readonly omitMessage?: boolean | undefined;
}

/** The options of `embed`; bounds and defaults are those of `remora.v1.EmbedRequest`. */
export interface EmbedOptions extends CallOptions {
  /** Length of the vectors, from 1. */
  readonly dimensions?: number | undefined;
  /** What the embeddings are for. */
  readonly task?: Choice<typeof EmbedTask> | undefined;
  readonly policy?: Policy | undefined;
  readonly requestId?: string | undefined;
  readonly endUserId?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** One text to embed, or several. */
export type Inputs = string | readonly string[];

/** The request of a chat, of `complete` too; TypeError for a value that cannot be. */
export function chatRequest(model: string | undefined, prompt: Prompt, options: ChatOptions): ChatRequest {
  const { stop, policy } = options;
  return {
    model: model ?? "",
    fallbackModels: [...(options.fallbackModels ?? [])],
    messages: conversationOf(prompt),
    tools: [...(options.tools ?? [])],
    toolChoice: choiceOf(options.toolChoice),
    parallelToolCalls: options.parallelToolCalls,
    responseFormat: formatOf(options.responseFormat),
    maxOutputTokens: whole(options.maxOutputTokens, "maxOutputTokens"),
    temperature: options.temperature,
    topP: options.topP,
    topK: whole(options.topK, "topK"),
    stop: typeof stop === "string" ? [stop] : [...(stop ?? [])],
    seed: whole(options.seed, "seed"),
    presencePenalty: options.presencePenalty,
    frequencyPenalty: options.frequencyPenalty,
    reasoning: reasoningOf(options),
    providerOptions: settingsOf(options.providerOptions ?? {}),
    policy: policy && policyMessage(policy),
    affinityKey: options.affinityKey,
    requestId: options.requestId,
    endUserId: options.endUserId,
    metadata: { ...options.metadata },
    includeAttempts: options.includeAttempts ?? false,
    omitMessage: options.omitMessage ?? false,
  };
}

/** The request to embed one text or several; TypeError for none. */
export function embedRequest(model: string | undefined, inputs: Inputs, options: EmbedOptions): EmbedRequest {
  const texts = typeof inputs === "string" ? [inputs] : [...inputs];
  if (texts.length === 0) throw new TypeError("embed needs at least one text");
  return {
    model: model ?? "",
    inputs: texts,
    dimensions: whole(options.dimensions, "dimensions"),
    task: options.task === undefined ? EmbedTask.UNSPECIFIED : numberOf(EmbedTask, options.task, "task"),
    policy: options.policy && policyMessage(options.policy),
    requestId: options.requestId,
    endUserId: options.endUserId,
    metadata: { ...options.metadata },
  };
}

/** A tool the model may call. `parameters`: the JSON schema of its arguments, an object; absent: no arguments. */
export function tool(
  name: string,
  description = "",
  parameters?: Json,
  options: { readonly strict?: boolean } = {},
): Tool {
  const parametersJson = parameters === undefined ? undefined : jsonText(parameters);
  return { name, description, parametersJson, strict: options.strict };
}

/** A tool choice: the model must call this one. */
export function namedTool(name: string): ToolChoice {
  return { mode: ToolChoice_Mode.NAMED, name };
}

/** A response format: JSON that follows the schema. `name` defaults to "answer", `strict` to true. */
export function jsonSchema(
  schema: Json,
  options: { readonly name?: string; readonly strict?: boolean } = {},
): ResponseFormat {
  return {
    kind: ResponseFormat_Kind.JSON_SCHEMA,
    schemaJson: jsonText(schema),
    schemaName: options.name,
    strict: options.strict,
  };
}

function choiceOf(choice: ChatOptions["toolChoice"]): ToolChoice | undefined {
  if (typeof choice !== "string") return choice;
  if ((choice as string) === "named") throw new TypeError("toolChoice: name the tool with namedTool(name)");
  return { mode: numberOf(ToolChoice_Mode, choice, "toolChoice") };
}

function formatOf(form: ChatOptions["responseFormat"]): ResponseFormat | undefined {
  if (typeof form !== "string") return form;
  if ((form as string) === "json_schema")
    throw new TypeError("responseFormat: give the schema with jsonSchema(schema)");
  return { kind: numberOf(ResponseFormat_Kind, form, "responseFormat") };
}

function reasoningOf(options: ChatOptions): Reasoning | undefined {
  const { reasoningEffort: effort, reasoningBudgetTokens: budgetTokens } = options;
  if (effort === undefined && budgetTokens === undefined) return undefined;
  const number =
    effort === undefined ? Reasoning_Effort.UNSPECIFIED : numberOf(Reasoning_Effort, effort, "reasoningEffort");
  return { effort: number, budgetTokens: whole(budgetTokens, "reasoningBudgetTokens") };
}

function settingsOf(options: Readonly<Record<string, Json>>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([protocol, settings]) => [protocol, jsonText(settings)]));
}
