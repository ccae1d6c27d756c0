"""The machine names (codes and types, lower case) in errors of OpenAI's protocol, of every vendor that speaks it."""

from __future__ import annotations

from ..core.reasons import Reason
from . import gemini_wording


def _each(*names: str, means: tuple[Reason, ...]) -> dict[str, tuple[Reason, ...]]:
    return dict.fromkeys(names, means)


NAMES: dict[str, tuple[Reason, ...]] = {
    **gemini_wording.NAMES,
    **_each(
        "invalid_api_key", "incorrect_api_key", "incorrect_api_key_error", "wrong_api_key", "expired_api_key",
        "missing_api_key", "authentication_error", "authentication_failed", "invalid_authentication",
        "invalid_authentication_error", "unauthorized", "account_deactivated", "account_disabled", "token_expired",
        "organization_restricted",
        "1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112",  # z.ai
        means=(Reason.AUTHENTICATION,),
    ),
    **_each(
        "model_access_denied", "insufficient_permissions", "unsupported_country_region_territory",
        "model_permission_blocked_org", "model_permission_blocked_project", "model_terms_required", "1220",
        means=(Reason.PERMISSION,),
    ),
    **_each(
        "insufficient_quota", "exceeded_current_quota_error", "billing_hard_limit_reached", "billing_not_active",
        "billing_error", "insufficient_balance", "insufficient_funds", "insufficient_credits",
        "insufficient_user_quota", "credit_limit", "credit_limit_exceeded", "out_of_credits", "payment_required",
        "blocked_api_access", "spend_limit_reached", "spending_limit_reached", "arrearage", "allocationquota.freetieronly",
        "1113", "1309", "1311",  # z.ai: no balance, plan expired, plan without this model
        means=(Reason.BILLING,),
    ),
    **_each(
        "rate_limit_exceeded", "rate_limit_error", "rate_limit_reached_error", "rate_limit_reached", "rate_limited",
        "ratelimitreached", "ratelimiterror", "tokens", "requests", "too_many_requests", "too_many_requests_error",
        "too_many_tokens_error", "model_rate_limit", "dynamic_request_limited", "dynamic_token_limited",
        means=(Reason.RATE_LIMITED, Reason.CONTEXT_LENGTH, Reason.MAX_TOKENS),
    ),
    **_each(
        "token_quota_exceeded", "request_quota_exceeded", "service_tier_capacity_exceeded", "limit_requests",
        "limit_burst_rate", "throttling", "throttling.ratequota", "throttling.burstrate", "throttling.allocationquota",
        "resource_exhausted",
        "1302", "1303", "1304", "1308", "1310", "1313",  # z.ai
        means=(Reason.RATE_LIMITED,),
    ),
    **_each(
        "overloaded", "overloaded_error", "engine_overloaded", "engine_overloaded_error", "server_overloaded",
        "model_overloaded", "queue_exceeded", "capacity_exceeded", "no_capacity", "nocapacity", "slow_down",
        "server_busy", "too_busy", "unavailable", "1305", "1312",
        means=(Reason.OVERLOADED,),
    ),
    **_each(
        "context_length_exceeded", "context_window_exceeded", "max_context_length_exceeded", "3051",  # Mistral
        means=(Reason.CONTEXT_LENGTH, Reason.MAX_TOKENS),
    ),
    **_each(
        "exceed_context_size_error", "tokens_limit_reached", "model_max_prompt_tokens_exceeded", "prompt_too_long",
        "input_too_long", "request_too_large", "payload_too_large", "1261",
        means=(Reason.CONTEXT_LENGTH,),
    ),
    **_each("max_tokens_exceeded", "max_tokens_too_large", "max_output_tokens_exceeded", means=(Reason.MAX_TOKENS,)),
    **_each(
        "unsupported_parameter", "unsupported_value", "unknown_parameter", "unrecognized_argument", "extra_forbidden",
        means=(Reason.UNSUPPORTED_PARAMETER, Reason.TOOL_SCHEMA, Reason.MAX_TOKENS),
    ),
    **_each(
        "tool_use_failed", "tool_call_validation_failed", "tools_not_supported", "tool_use_not_supported",
        "invalid_function_parameters", "invalid_tool_schema",
        means=(Reason.TOOL_SCHEMA,),
    ),
    **_each(
        "invalid_encrypted_content", "invalid_thinking_signature", "thinking_signature_invalid",
        "missing_thought_signature", "invalid_thought_signature",
        means=(Reason.FOREIGN_REASONING,),
    ),
    **_each(
        "content_policy_violation", "content_filter", "content_filtered", "content_blocked", "moderation_blocked",
        "responsibleaipolicyviolation", "data_inspection_failed", "datainspectionfailed", "safety_violation",
        "cyber_policy", "cyber_policy_violation", "1301",
        means=(Reason.CONTENT_FILTERED,),
    ),
    **_each("model_not_found", "model_not_available", means=(Reason.MODEL_NOT_FOUND, Reason.PERMISSION)),
    **_each(
        "model_not_supported", "model_decommissioned", "model_deprecated", "model_not_active", "model_does_not_exist",
        "invalid_model", "invalid_model_id", "unknown_model", "unavailable_model", "deploymentnotfound",
        "deployment_not_found", "operationnotsupported", "1211",
        means=(Reason.MODEL_NOT_FOUND,),
    ),
    **_each("unknown_url", "invalid_url", means=(Reason.UNKNOWN,)),
    **_each("json_validate_failed", means=(Reason.UNKNOWN,)),  # Groq: the model's own failure, not the request's
    **_each("timeout", "timeout_error", "request_timeout", "gateway_timeout", means=(Reason.TIMEOUT,)),
}
"""Numbers are z.ai's business codes unless said otherwise; where two vendors give a number two meanings it is left out."""

KINDS: dict[str, Reason] = {
    **gemini_wording.KINDS,
    **dict.fromkeys(
        (
            "invalid_request_error", "invalid_request", "invalid_prompt", "bad_request", "bad_request_error",
            "badrequesterror", "badrequest", "invalid_type", "invalid_value", "invalid_argument",
            "missing_required_parameter", "validation_error", "unprocessable_entity", "unprocessableentityerror",
            "1210", "1213", "1214", "1215",
        ),
        Reason.INVALID_REQUEST,
    ),
    **dict.fromkeys(
        (
            "permission_error", "permission_denied", "permission-denied", "permission_denied_error",
            "permissiondeniederror", "request_forbidden", "forbidden", "accessdenied", "access_denied",
        ),
        Reason.PERMISSION,
    ),
    **dict.fromkeys(
        (
            "server_error", "internal_server_error", "internal_error", "internalservererror", "internal_failure",
            "api_error", "upstream_error", "provider_error", "service_unavailable", "serviceunavailable",
            "unavailable_error", "bad_gateway",
        ),
        Reason.SERVER_ERROR,
    ),
    **dict.fromkeys(("not_found", "not_found_error", "notfounderror", "resource_not_found"), Reason.UNKNOWN),
    **dict.fromkeys(("resource_not_found_error",), Reason.MODEL_NOT_FOUND),
    "some resource has been exhausted": Reason.RATE_LIMITED,  # xAI puts sentences into `code`
    "some requested entity was not found": Reason.UNKNOWN,
    "client specified an invalid argument": Reason.INVALID_REQUEST,
    "the caller does not have permission to execute the specified operation": Reason.PERMISSION,
    "the service is currently unavailable": Reason.SERVER_ERROR,
}
