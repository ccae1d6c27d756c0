/** The contract's own messages, for callers that build requests field by field or keep messages as bytes. */

export {
  ChatRequest,
  ChatResponse,
  Completed,
  CompleteRequest,
  CompleteResponse,
  EmbedRequest,
  EmbedResponse,
  EmbedTask,
  FinishReason,
  ListModelsRequest,
  ListModelsResponse,
} from "./gen/remora/v1/chat.js";
export {
  AudioPart,
  CacheHint,
  FilePart,
  ImageDetail,
  ImagePart,
  Message,
  Part,
  Reasoning,
  Reasoning_Effort,
  ReasoningPart,
  ResponseFormat,
  ResponseFormat_Kind,
  Role,
  Tool,
  ToolCallPart,
  ToolChoice,
  ToolChoice_Mode,
  ToolResultPart,
} from "./gen/remora/v1/content.js";
export { ErrorReason } from "./gen/remora/v1/error_reason.js";
export {
  OnContentFiltered,
  OnContextOverflow,
  OnSlow,
  OnStreamBreak,
  Policy,
  PromptGuidedTools,
} from "./gen/remora/v1/policy.js";
export { FailoverReport } from "./gen/remora/v1/report.js";
