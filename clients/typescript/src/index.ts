/** Remora's TypeScript client: one typed, streaming call to the sidecar on this host, for any model behind it. */

export { type Answer, argumentsOf, type FinishReason, type ToolCall } from "./answer.js";
export type { AliasInfo, Capability, Catalog, Embeddings, ModelInfo, PoolInfo } from "./catalog.js";
export { ChatStream, type OnDiscard } from "./chat-stream.js";
export { Client } from "./client.js";
export {
  assistant,
  audio,
  cached,
  type Content,
  document,
  image,
  type Json,
  type Prompt,
  system,
  toolCall,
  toolResult,
  user,
} from "./conversation.js";
export type { LaterValue } from "./enumeration.js";
export { type ErrorFacts, type ErrorKind, type FieldError, RemoraError, type StatusCode } from "./errors.js";
export type {
  AttemptEnded,
  Citation,
  Completed,
  Delta,
  Event,
  Failed,
  PartCompleted,
  PartDiscarded,
  ReasoningDelta,
  RefusalDelta,
  Restarted,
  Resumed,
  Started,
  TextDelta,
  ToolCallDelta,
} from "./event.js";
export type { Message, Part, ResponseFormat, Tool, ToolChoice } from "./gen/remora/v1/content.js";
export type { BreakerState, EntryHealth, Health, HealthReset, HealthScope, ProfileHealth } from "./health.js";
export type { Policy } from "./policy.js";
export type { KnownReason, Reason } from "./reason.js";
export type {
  Attempt,
  AttemptKind,
  Cost,
  FailoverReport,
  Repair,
  SkipCause,
  SkippedEntry,
  Target,
  Truncated,
  Usage,
} from "./report.js";
export {
  type CallOptions,
  type ChatOptions,
  type EmbedOptions,
  type Inputs,
  jsonSchema,
  namedTool,
  tool,
} from "./request.js";
export type { ClientOptions } from "./settings.js";
export { Stream } from "./stream.js";
export { VERSION } from "./version.js";
