"""Answers of the vendors that speak OpenAI's protocol: status, body, and what each means (reason, limit, parameter)."""

from __future__ import annotations

from typing import Any

Answer = tuple[str, int, Any, str, int | None, str | None]


def error(message: str, code: object = None, kind: str | None = None, param: str | None = None) -> dict[str, Any]:
    """OpenAI's own shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def flat(message: str, kind: str | None = None, code: object = None) -> dict[str, Any]:
    """The shape of Mistral and of older vLLM."""
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


INVALID = "invalid_request_error"

OPENAI: list[Answer] = [
    ("openai no quota by text", 429, error("You exceeded your current quota, please check your plan and billing details."), "BILLING", None, None),
    ("openai billing inactive", 429, error("Your account is not active, please check your billing details on our website.", "billing_not_active", "billing_not_active"), "BILLING", None, None),
    ("openai hard limit", 400, error("Billing hard limit has been reached", "billing_hard_limit_reached", INVALID), "BILLING", None, None),
    ("openai region", 403, error("Country, region, or territory not supported", "unsupported_country_region_territory", "request_forbidden"), "PERMISSION", None, None),
    ("openai project without the model", 403, error("Project `proj_Ab1` does not have access to model `gpt-x`", "model_not_found", INVALID), "PERMISSION", None, None),
    ("openai scope missing", 403, error("You have insufficient permissions for this operation. Missing scopes: model.request."), "PERMISSION", None, None),
    ("openai unsupported value", 400, error("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.", "unsupported_value", INVALID, "temperature"), "UNSUPPORTED_PARAMETER", None, "temperature"),
    ("openai unknown parameter", 400, error("Unknown parameter: 'verbosity_level'.", "unknown_parameter", INVALID, "verbosity_level"), "UNSUPPORTED_PARAMETER", None, "verbosity_level"),
    ("openai unrecognized argument", 400, error("Unrecognized request argument supplied: reasoning_effort", None, INVALID), "UNSUPPORTED_PARAMETER", None, "reasoning_effort"),
    ("openai format of this type", 400, error("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", None, INVALID, "response_format"), "UNSUPPORTED_PARAMETER", None, "response_format"),
    ("openai tools unsupported", 400, error("Unsupported parameter: 'tools' is not supported with this model.", "unsupported_parameter", INVALID, "tools"), "TOOL_SCHEMA", None, None),
    ("openai tool choice unsupported", 400, error("Unsupported parameter: 'tool_choice' is not supported with this model.", "unsupported_parameter", INVALID, "tool_choice"), "UNSUPPORTED_PARAMETER", None, "tool_choice"),
    ("openai bad function schema", 400, error("Invalid schema for function 'get_weather': In context=(), 'additionalProperties' is required to be supplied.", "invalid_function_parameters", INVALID, "tools[0].function.parameters"), "TOOL_SCHEMA", None, None),
    ("openai integer above maximum", 400, error("Invalid 'max_tokens': integer above maximum value. Expected a value <= 4096, but got 9000 instead.", "integer_above_max_value", INVALID, "max_tokens"), "MAX_TOKENS", 4096, None),
    ("openai context of a responses model", 400, error("Your input exceeds the context window of this model. Please adjust your input and try again.", "context_length_exceeded", INVALID, "input"), "CONTEXT_LENGTH", None, None),
    ("openai configured limit", 400, error("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300100 tokens. Please reduce the length of the messages.", "context_length_exceeded", INVALID, "messages"), "CONTEXT_LENGTH", 272000, None),
    ("openai context without code", 400, error("This model's maximum context length is 128,000 tokens. However, your messages resulted in 131,072 tokens.", None, INVALID), "CONTEXT_LENGTH", 128000, None),
    ("openai functions counted", 400, error("This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (4000 in the messages, 1000 in the functions, and 4100 in the completion). Please reduce the length of the messages, functions, or completion.", "context_length_exceeded", INVALID, "messages"), "MAX_TOKENS", 3192, None),
    ("openai prompt alone too long", 400, error("This model's maximum context length is 8192 tokens. However, you requested 13000 tokens (9000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.", "context_length_exceeded", INVALID, "messages"), "CONTEXT_LENGTH", 8192, None),
    ("openai completions wording", 400, error("This model's maximum context length is 4097 tokens, however you requested 5000 tokens (1000 in your prompt; 4000 for the completion). Please reduce your prompt; or completion length.", None, INVALID), "MAX_TOKENS", 3097, None),
    ("openai flagged prompt", 400, error("Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.", "invalid_prompt", INVALID), "CONTENT_FILTERED", None, None),
    ("openai bad prompt", 400, error("Invalid prompt: the field is empty.", "invalid_prompt", INVALID), "INVALID_REQUEST", None, None),
    ("openai not a chat model", 404, error("This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?", None, INVALID, "model"), "MODEL_NOT_FOUND", None, None),
    ("openai wrong url", 404, error("Invalid URL (POST /v1/chat/completion)", None, INVALID), "UNKNOWN", None, None),
    ("openai foreign encrypted reasoning", 400, error("The encrypted content gAAAA... could not be verified.", "invalid_encrypted_content", INVALID), "FOREIGN_REASONING", None, None),
    ("openai slow down", 503, error("Slow Down", "slow_down", "server_error"), "OVERLOADED", None, None),
    ("openai overloaded by text", 503, error("That model is currently overloaded with other requests. You can retry your request.", None, "server_error"), "OVERLOADED", None, None),
    ("openai plain 503", 503, error("Service Unavailable", None, "service_unavailable"), "SERVER_ERROR", None, None),
    ("openai context as a 500", 500, error("This model's maximum context length is 8192 tokens.", "context_length_exceeded", "server_error"), "CONTEXT_LENGTH", 8192, None),
    ("context by text only in a 500", 500, error("This model's maximum context length is 8192 tokens.", None, "server_error"), "SERVER_ERROR", None, None),
    ("openai missing messages", 400, error("Missing required parameter: 'messages'.", "missing_required_parameter", INVALID, "messages"), "INVALID_REQUEST", None, None),
    ("openai tool messages out of order", 400, error("An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.", None, INVALID, "messages"), "INVALID_REQUEST", None, None),
    ("openai deactivated at 401", 401, error("Your account has been deactivated.", "account_deactivated", INVALID), "AUTHENTICATION", None, None),
]

AZURE: list[Answer] = [
    ("azure deployment", 404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}, "MODEL_NOT_FOUND", None, None),
    ("azure wrong path", 404, {"error": {"code": "404", "message": "Resource not found"}}, "UNKNOWN", None, None),
    ("azure gateway 401", 401, {"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, or have expired."}, "AUTHENTICATION", None, None),
    ("azure rate", 429, {"error": {"code": "429", "message": "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-06-01 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 8 seconds."}}, "RATE_LIMITED", None, None),
    ("azure busy", 429, {"error": {"code": "NoCapacity", "message": "The system is currently experiencing high demand and cannot process your request."}}, "OVERLOADED", None, None),
    ("azure inner filter alone", 400, {"error": {"code": None, "message": "Filtered.", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "CONTENT_FILTERED", None, None),
    ("azure firewall", 403, {"error": {"code": "AccessDenied", "message": "Access denied due to Virtual Network/Firewall rules."}}, "PERMISSION", None, None),
    ("azure chat on another model", 400, {"error": {"code": "OperationNotSupported", "message": "The chatCompletion operation does not work with the specified model, text-embedding-3. Please choose different model and try again."}}, "MODEL_NOT_FOUND", None, None),
]

GROQ: list[Answer] = [
    ("groq too large for the tier", 413, error("Request too large for model `llama-x` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 10500, please reduce your message size and try again.", "rate_limit_exceeded", "tokens"), "CONTEXT_LENGTH", 6000, None),
    ("groq body too large", 413, error("Request Entity Too Large", "request_too_large", INVALID), "CONTEXT_LENGTH", None, None),
    ("groq daily tokens", 429, error("Rate limit reached for model `llama-x` in organization `org_1` service tier `on_demand` on tokens per day (TPD): Limit 100000, Used 99000, Requested 2000. Please try again in 14m24s.", "rate_limit_exceeded", "tokens"), "RATE_LIMITED", None, None),
    ("groq decommissioned", 400, error("The model `llama-old` has been decommissioned and is no longer supported.", "model_decommissioned", INVALID), "MODEL_NOT_FOUND", None, None),
    ("groq blocked for the organization", 403, error("The model `x` is blocked at the organization level.", "model_permission_blocked_org", "permissions_error"), "PERMISSION", None, None),
    ("groq terms", 400, error("The model `x` requires terms acceptance. Please have the org admin accept the terms.", "model_terms_required", INVALID), "PERMISSION", None, None),
    ("groq tools by text", 400, error("`tool calling` is not supported with this model", None, INVALID), "TOOL_SCHEMA", None, None),
    ("groq failed generation", 400, error("Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.", "tool_use_failed", INVALID), "TOOL_SCHEMA", None, None),
    ("groq broken json", 400, error("Failed to generate JSON. Please adjust your prompt.", "json_validate_failed", INVALID), "UNKNOWN", None, None),
    ("groq max tokens", 400, error("'max_tokens' : must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model", None, INVALID), "MAX_TOKENS", 8192, None),
    ("groq long messages", 400, error("Please reduce the length of the messages or completion.", "context_length_exceeded", INVALID, "messages"), "CONTEXT_LENGTH", None, None),
    ("groq reasoning refused", 400, error("'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]", None, INVALID), "FOREIGN_REASONING", None, None),
    ("groq wrong url", 404, error("Unknown request URL: POST /openai/v1/chat. Please check the URL for typos.", "unknown_url", INVALID), "UNKNOWN", None, None),
    ("groq flex capacity", 498, error("Flex tier capacity exceeded", "capacity_exceeded", "flex"), "UNKNOWN", None, None),
]

MISTRAL: list[Answer] = [
    ("mistral bad key", 401, {"message": "Unauthorized", "request_id": "a1"}, "AUTHENTICATION", None, None),
    ("mistral rate", 429, flat("Rate limit exceeded", "rate_limited", "1300"), "RATE_LIMITED", None, None),
    ("mistral tier", 429, flat("Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505"), "RATE_LIMITED", None, None),
    ("mistral model", 400, flat("Invalid model: mistral-none", "invalid_model", "1500"), "MODEL_NOT_FOUND", None, None),
    ("mistral context", 400, flat("Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length", INVALID, "3051"), "CONTEXT_LENGTH", 32768, None),
    ("mistral extra field", 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 1}]}, "UNSUPPORTED_PARAMETER", None, "seed"),
    ("mistral extra field nested", 422, flat("x") | {"message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]}}, "UNSUPPORTED_PARAMETER", None, "user"),
    ("mistral missing field", 422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]}, "INVALID_REQUEST", None, None),
]

DEEPSEEK: list[Answer] = [
    ("deepseek model", 400, error("Model Not Exist", INVALID, INVALID), "MODEL_NOT_FOUND", None, None),
    ("deepseek max tokens", 400, error("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", INVALID, INVALID), "MAX_TOKENS", 8192, None),
    ("deepseek risk", 400, error("Content Exists Risk", INVALID, INVALID), "CONTENT_FILTERED", None, None),
    ("deepseek no tools", 400, error("deepseek-reasoner does not support Function Calling", INVALID, INVALID), "TOOL_SCHEMA", None, None),
    ("deepseek tool choice", 400, error("deepseek-reasoner does not support this tool_choice", INVALID, INVALID), "UNSUPPORTED_PARAMETER", None, "tool_choice"),
    ("deepseek prefill", 400, error("The last message of deepseek-reasoner must be a user message, or an assistant message with prefix mode on", INVALID, INVALID), "UNSUPPORTED_PARAMETER", None, "prefill"),
    ("deepseek reasoning missing", 400, error("The `reasoning_content` in the thinking mode must be passed back to the API.", INVALID, INVALID), "FOREIGN_REASONING", None, None),
    ("deepseek busy", 503, error("Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.", "service_unavailable_error", "service_unavailable_error"), "OVERLOADED", None, None),
    ("deepseek key", 401, error("Authentication Fails, Your api key: ****abcd is invalid", INVALID, "authentication_error"), "AUTHENTICATION", None, None),
]

OPENROUTER: list[Answer] = [
    ("openrouter credits", 402, {"error": {"message": "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 1234.", "code": 402}}, "BILLING", None, None),
    ("openrouter key limit", 403, {"error": {"message": "Key limit exceeded (monthly limit).", "code": 403}}, "BILLING", None, None),
    ("openrouter moderation", 403, {"error": {"message": "Flagged", "code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "…", "provider_name": "x"}}}, "CONTENT_FILTERED", None, None),
    ("openrouter no endpoints", 404, {"error": {"message": "No endpoints found for vendor/none.", "code": 404}}, "MODEL_NOT_FOUND", None, None),
    ("openrouter no tool endpoints", 404, {"error": {"message": "No endpoints found that support tool use. To learn more about provider routing, visit the docs.", "code": 404}}, "TOOL_SCHEMA", None, None),
    ("openrouter data policy", 404, {"error": {"message": "No endpoints found matching your data policy (Free model publication).", "code": 404}}, "PERMISSION", None, None),
    ("openrouter model id", 400, {"error": {"message": "vendor/none is not a valid model ID", "code": 400}}, "MODEL_NOT_FOUND", None, None),
    ("openrouter both named", 400, {"error": {"message": "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens (120000 of text input, 20000 in the output). Please reduce the length of either one.", "code": 400}}, "MAX_TOKENS", 11072, None),
    ("openrouter both and tools", 400, {"error": {"message": "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens (119000 of text input, 1000 of tool input, 20000 in the output). Please reduce the length of either one.", "code": 400}}, "MAX_TOKENS", 11072, None),
    ("openrouter relayed", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {"provider_name": "OpenAI", "raw": '{"error":{"message":"Unsupported parameter: \'top_p\' is not supported with this model.","type":"invalid_request_error","param":"top_p","code":"unsupported_parameter"}}'}}}, "UNSUPPORTED_PARAMETER", None, "top_p"),
    ("openrouter relayed from anthropic", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209423 tokens > 200000 maximum"}}'}}}, "CONTEXT_LENGTH", 200000, None),
    ("openrouter relayed as text", 429, {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "error code: 1015", "provider_name": "x"}}}, "RATE_LIMITED", None, None),
    ("openrouter choice error", 200, {"id": "gen-1", "choices": [{"finish_reason": "error", "error": {"code": 502, "message": "Upstream idle"}}]}, "SERVER_ERROR", None, None),
    ("openrouter named error mid-stream", 200, {"id": "gen-1", "object": "chat.completion.chunk", "error": {"code": "server_error", "message": "Provider disconnected"}, "choices": []}, "SERVER_ERROR", None, None),
]

LOCAL: list[Answer] = [
    ("vllm model", 404, flat("The model `none` does not exist.", "NotFoundError", 404), "MODEL_NOT_FOUND", None, None),
    ("vllm both named", 400, flat("This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens.", "BadRequestError", 400), "MAX_TOKENS", 65534, None),
    ("vllm max tokens", 400, error("'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens (2000 > 4096 - 2104).", 400, "BadRequestError"), "MAX_TOKENS", 1992, None),
    ("vllm prompt", 400, flat("The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.", "BadRequestError", 400), "CONTEXT_LENGTH", 4096, None),
    ("vllm prompt tokens", 400, flat("This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.", "BadRequestError", 400), "CONTEXT_LENGTH", 4096, None),
    ("vllm tools off", 400, flat('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "BadRequestError", 400), "TOOL_SCHEMA", None, None),
    ("vllm prefill", 400, flat("Cannot set `add_generation_prompt` to True when the last message is from the assistant. Consider using `continue_final_message` instead.", "BadRequestError", 400), "UNSUPPORTED_PARAMETER", None, "prefill"),
    ("vllm route", 404, {"detail": "Not Found"}, "UNKNOWN", None, None),
    ("sglang both named", 400, flat("Requested token count exceeds the model's maximum context length of 262144 tokens. You requested a total of 270128 tokens: 261936 tokens from the input messages and 8192 tokens for the completion.", "BadRequestError", 400), "MAX_TOKENS", 208, None),
    ("sglang prompt", 400, flat("The input (5000 tokens) is longer than the model's context length (4096 tokens).", "BadRequestError", 400), "CONTEXT_LENGTH", 4096, None),
    ("llama.cpp field", 400, {"error": {"code": 400, "message": "the request exceeds the available context size. try increasing the context size or enable context shift", "type": "exceed_context_size_error", "n_prompt_tokens": 8968, "n_ctx": 8448}}, "CONTEXT_LENGTH", 8448, None),
    ("llama.cpp loading", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "SERVER_ERROR", None, None),
    ("llama.cpp tools", 400, {"error": {"code": 400, "message": "tools param requires --jinja flag", "type": INVALID}}, "TOOL_SCHEMA", None, None),
    ("llama.cpp file", 404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, "UNKNOWN", None, None),
    ("ollama model in openai's shape", 404, error('model "llama9:latest" not found, try pulling it first', None, "api_error"), "MODEL_NOT_FOUND", None, None),
    ("ollama no tools", 400, error("registry.ollama.ai/library/gemma:latest does not support tools", None, INVALID), "TOOL_SCHEMA", None, None),
    ("ollama no thinking", 400, {"error": '"llama3" does not support thinking'}, "UNSUPPORTED_PARAMETER", None, "reasoning_effort"),
    ("ollama busy", 503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "OVERLOADED", None, None),
    ("ollama memory", 500, {"error": "model requires more system memory (5.0 GiB) than is available (3.1 GiB)"}, "SERVER_ERROR", None, None),
    ("tgi both named", 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 8000 `inputs` tokens and 4096 `max_new_tokens`", "error_type": "validation"}, "MAX_TOKENS", 193, None),
    ("tgi prompt", 422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", "error_type": "validation"}, "CONTEXT_LENGTH", 4096, None),
]

OTHERS: list[Answer] = [
    ("zai overloaded", 429, {"error": {"code": "1305", "message": "The service may be temporarily overloaded, please try again later"}}, "OVERLOADED", None, None),
    ("zai concurrency", 429, {"error": {"code": "1302", "message": "High concurrency usage of this API"}}, "RATE_LIMITED", None, None),
    ("zai usage window", 429, {"error": {"code": "1308", "message": "Usage limit reached for 5 hour. Your limit will reset at 2026-11-21 05:00:00"}}, "RATE_LIMITED", None, None),
    ("zai plan expired", 429, {"error": {"code": "1309", "message": "Your GLM Coding Plan package has expired and is temporarily unavailable."}}, "BILLING", None, None),
    ("zai model", 400, {"error": {"code": "1211", "message": "Unknown Model, please check the model code."}}, "MODEL_NOT_FOUND", None, None),
    ("zai prompt", 400, {"error": {"code": "1261", "message": "Prompt too long"}}, "CONTEXT_LENGTH", None, None),
    ("zai unsafe", 400, {"error": {"code": "1301", "message": "System detected potentially unsafe or sensitive content."}}, "CONTENT_FILTERED", None, None),
    ("zai code inside a 200", 200, {"error": {"code": "1113", "message": "Insufficient balance"}}, "BILLING", None, None),
    ("xai key at 400", 400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai."}, "AUTHENTICATION", None, None),
    ("xai model", 404, {"code": "Some requested entity was not found", "error": "The model grok-none does not exist or your team 7c1 does not have access to it."}, "MODEL_NOT_FOUND", None, None),
    ("xai no credits", 403, {"code": "The caller does not have permission to execute the specified operation", "error": "Your newly created team doesn't have any credits or licenses yet. You can purchase those on https://console.x.ai."}, "BILLING", None, None),
    ("xai spent", 429, {"code": "Some resource has been exhausted", "error": "Your team 16f2151a-40f4 has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit."}, "BILLING", None, None),
    ("xai usage guidelines", 403, {"code": "The caller does not have permission to execute the specified operation", "error": "Content violates usage guidelines. Team: 7c1, Failed check: SAFETY_CHECK_TYPE_BIO"}, "CONTENT_FILTERED", None, None),
    ("xai prompt", 400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is 131072 but the request contains 140000 tokens."}, "CONTEXT_LENGTH", 131072, None),
    ("xai parameter", 400, {"code": "Client specified an invalid argument", "error": "Argument not supported on this model: presencePenalty"}, "UNSUPPORTED_PARAMETER", None, "presence_penalty"),
    ("fireworks prompt", 400, {"error": {"object": "error", "type": INVALID, "code": INVALID, "message": "The prompt is too long: 140000, model maximum context length: 131071"}}, "CONTEXT_LENGTH", 131071, None),
    ("fireworks model", 404, {"error": {"object": "error", "type": INVALID, "code": "NOT_FOUND", "message": "Model not found, inaccessible, and/or not deployed"}}, "MODEL_NOT_FOUND", None, None),
    ("fireworks suspended", 412, {"error": {"message": "Account x is suspended, possibly due to reaching the monthly spending limit"}}, "UNKNOWN", None, None),
    ("together model", 404, error("Unable to access model none. Please visit https://api.together.ai/models to view the list of supported models.", "model_not_available", INVALID), "MODEL_NOT_FOUND", None, None),
    ("together rate", 429, error("You have reached the rate limit specific to this model none. The maximum rate limit for this model is 6.0 queries per minute.", None, "model_rate_limit"), "RATE_LIMITED", None, None),
    ("together overloaded", 503, error("The server is overloaded or not ready yet.", None, "service_unavailable"), "OVERLOADED", None, None),
    ("moonshot suspended", 429, error("Your account org-1<ak-2> is suspended, please check your plan and billing details", None, "exceeded_current_quota_error"), "BILLING", None, None),
    ("moonshot overloaded", 429, error("The engine is currently overloaded, please try again later", None, "engine_overloaded_error"), "OVERLOADED", None, None),
    ("moonshot model", 404, error("Not found the model moonshot-none or Permission denied", None, "resource_not_found_error"), "MODEL_NOT_FOUND", None, None),
    ("moonshot window", 400, error("Invalid request: Your request exceeded model token limit: 131072 (requested: 150000)", None, INVALID), "CONTEXT_LENGTH", 131072, None),
    ("moonshot risk", 400, error("The request was rejected because it was considered high risk", None, "content_filter"), "CONTENT_FILTERED", None, None),
    ("moonshot reasoning", 400, error("thinking is enabled but reasoning_content is missing in assistant tool call message at index 2", None, INVALID), "FOREIGN_REASONING", None, None),
    ("cerebras tokens", 429, {"message": "Tokens per minute limit exceeded - too many tokens processed.", "type": "too_many_tokens_error", "param": "quota", "code": "token_quota_exceeded"}, "RATE_LIMITED", None, None),
    ("cerebras queue", 429, {"message": "We're experiencing high traffic right now! Please try again soon.", "type": "too_many_requests_error", "param": "queue", "code": "queue_exceeded"}, "OVERLOADED", None, None),
    ("cerebras context", 400, {"message": "Please reduce the length of the messages or completion. Current length is 8800 while limit is 8192", "type": INVALID, "param": "messages", "code": "context_length_exceeded"}, "CONTEXT_LENGTH", 8192, None),
    ("perplexity model", 400, error("Invalid model 'none'. Permitted models can be found in the documentation.", 400, "invalid_model"), "MODEL_NOT_FOUND", None, None),
    ("perplexity prefill", 400, error("Last message must have role `user`.", 400, "invalid_message"), "UNSUPPORTED_PARAMETER", None, "prefill"),
    ("github models", 413, {"error": {"code": "tokens_limit_reached", "message": "Request body too large for gpt-x model. Max size: 8000 tokens.", "details": "Request body too large"}}, "CONTEXT_LENGTH", 8000, None),
    ("github rate", 429, {"error": {"code": "RateLimitReached", "message": "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 12345 seconds before retrying."}}, "RATE_LIMITED", None, None),
    ("nvidia function", 404, {"status": 404, "title": "Not Found", "detail": "Function 'ab-1': Not found for account 'cd-2'"}, "MODEL_NOT_FOUND", None, None),
    ("nvidia key at 403", 403, {"status": 403, "title": "Forbidden", "detail": "Authorization failed"}, "AUTHENTICATION", None, None),
    ("cloudflare", 429, {"success": False, "result": {}, "errors": [{"message": "AiError: you have used up your daily free allocation", "code": 4006}]}, "RATE_LIMITED", None, None),
    ("alibaba arrears", 400, error("Access denied, please make sure your account is in good standing.", "Arrearage", "Arrearage"), "BILLING", None, None),
    ("alibaba inspection", 400, error("Input data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed"), "CONTENT_FILTERED", None, None),
    ("alibaba max tokens", 400, error("Range of max_tokens should be [1, 8192]", "invalid_parameter_error", INVALID), "MAX_TOKENS", 8192, None),
    ("alibaba input", 400, error("Range of input length should be [1, 129024]", "invalid_parameter_error", INVALID), "CONTEXT_LENGTH", 129024, None),
    ("gemini's compatible endpoint, rate", 429, [{"error": {"code": 429, "message": "You exceeded your current quota, please check your plan and billing details.", "status": "RESOURCE_EXHAUSTED"}}], "RATE_LIMITED", None, None),
    ("gemini's compatible endpoint, key", 400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}], "AUTHENTICATION", None, None),
    ("gemini's compatible endpoint, signature", 400, [{"error": {"code": 400, "message": "Function call is missing a thought_signature in functionCall parts.", "status": "INVALID_ARGUMENT"}}], "FOREIGN_REASONING", None, None),
    ("litellm in front", 400, error("litellm.BadRequestError: OpenAIException - This model's maximum context length is 8192 tokens. However, your messages resulted in 9631 tokens.", "400"), "CONTEXT_LENGTH", 8192, None),
    ("opencode in front", 400, error("Error from provider (Console): Upstream request failed: [invalid_request_error] The reasoning_content in the thinking mode must be passed back to the API.", None, INVALID), "FOREIGN_REASONING", None, None),
]

NEGATIVE: list[Answer] = [
    ("digits of a status in the text", 400, error("Invalid value: 401. Expected 'seed' to be at most 100.", "invalid_value", INVALID, "seed"), "INVALID_REQUEST", None, None),
    ("port in the text", 500, error("connect to 10.0.0.1:443 failed after 429 s", None, "server_error"), "SERVER_ERROR", None, None),
    ("1113 requests is no business code", 429, error("1113 requests were sent, the limit is 1000", "rate_limit_exceeded", "requests"), "RATE_LIMITED", None, None),
    ("model and invalid as loose words", 400, error("The model parameter of the image is invalid", None, INVALID), "INVALID_REQUEST", None, None),
    ("quoted: balance", 400, error("Invalid value for 'messages[0].content': 'insufficient balance'", None, INVALID), "INVALID_REQUEST", None, None),
    ("quoted: no tools", 400, error("Invalid value: 'llama3 does not support tools' is too short", None, INVALID), "INVALID_REQUEST", None, None),
    ("quoted: model", 400, error("Could not parse \"The model `x` does not exist\" as JSON", None, INVALID), "INVALID_REQUEST", None, None),
    ("quoted: max tokens", 400, error("Invalid content 'max_tokens is too large: 30000. This model supports at most 16384 completion tokens'", None, INVALID), "INVALID_REQUEST", None, None),
    ("quoted: safety", 400, error("Invalid type for 'messages[0].content': expected a string, got 'Your request was rejected as a result of our safety system.'", "invalid_type", INVALID), "INVALID_REQUEST", None, None),
    ("in the middle: quota", 429, error("Please slow down; users ask what it means when you exceeded your current quota", None, None), "RATE_LIMITED", None, None),
    ("max_tokens below its minimum", 400, error("Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.", "integer_below_min_value", INVALID, "max_tokens"), "INVALID_REQUEST", None, None),
    ("output limit reached by thinking", 400, error("Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.", None, INVALID), "INVALID_REQUEST", None, None),
    ("auth text at 429 stays outside the set", 429, error("Incorrect API key provided", "invalid_api_key", INVALID), "RATE_LIMITED", None, None),
    ("quota text at 401 stays outside the set", 401, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), "AUTHENTICATION", None, None),
    ("context text at 403 stays outside the set", 403, error("This model's maximum context length is 8192 tokens.", "context_length_exceeded", INVALID), "PERMISSION", None, None),
    ("unknown code inside a 200", 200, error("Insufficient Balance", "strange", None), "UNKNOWN", None, None),
    ("phrases do not decide inside a 200", 200, error("The model `x` does not exist", None, None), "UNKNOWN", None, None),
    ("redirect", 302, error("moved", None, None), "UNKNOWN", None, None),
    ("gone", 410, error("The model `x` does not exist", "model_not_found", None), "UNKNOWN", None, None),
]

EVERY = [*OPENAI, *AZURE, *GROQ, *MISTRAL, *DEEPSEEK, *OPENROUTER, *LOCAL, *OTHERS, *NEGATIVE]
