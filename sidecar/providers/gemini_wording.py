"""How Google words the errors of Gemini (ai.google.dev/gemini-api/docs/troubleshooting, Vertex, and answers seen)."""

from __future__ import annotations

from ..core.reasons import Reason
from ..core.wording import Phrase, Wording, phrases

NAMES: dict[str, tuple[Reason, ...]] = {
    "api_key_invalid": (Reason.AUTHENTICATION,),
    "api_key_expired": (Reason.AUTHENTICATION,),
    "unauthenticated": (Reason.AUTHENTICATION,),
    "access_token_expired": (Reason.AUTHENTICATION,),
    "consumer_invalid": (Reason.AUTHENTICATION,),
    "consumer_suspended": (Reason.AUTHENTICATION,),
    "credentials_missing": (Reason.AUTHENTICATION,),
    "api_key_service_blocked": (Reason.PERMISSION,),
    "api_key_http_referrer_blocked": (Reason.PERMISSION,),
    "api_key_ip_address_blocked": (Reason.PERMISSION,),
    "service_disabled": (Reason.PERMISSION,),
    "iam_permission_denied": (Reason.PERMISSION,),
    "billing_disabled": (Reason.BILLING,),
    "rate_limit_exceeded": (Reason.RATE_LIMITED,),
    "resource_exhausted": (Reason.RATE_LIMITED, Reason.BILLING),
    "unavailable": (Reason.OVERLOADED,),
    "deadline_exceeded": (Reason.TIMEOUT,),
}
KINDS = {
    "invalid_argument": Reason.INVALID_REQUEST,
    "failed_precondition": Reason.INVALID_REQUEST,
    "out_of_range": Reason.INVALID_REQUEST,
    "permission_denied": Reason.PERMISSION,
    "not_found": Reason.UNKNOWN,
    "internal": Reason.SERVER_ERROR,
}

REQUEST_PHRASES: tuple[Phrase, ...] = (
    *phrases(
        Reason.CONTEXT_LENGTH,
        r"(?:the )?input token count \(<n>\) exceeds the maximum number of tokens allowed \(?<limit>\)?",
        r"(?:the )?input token count exceeds the maximum number of tokens allowed:? \(?<limit>\)?",
        r"(?:the )?input token count is <n> but (?:the )?model only supports up to <limit>",
        r"(?:the )?input token count\b<gap>\bexceeds the maximum",
        r"(?:the )?(?:prompt|input) is too long\b",
        r"request payload size exceeds the limit\b",
    ),
    *phrases(
        Reason.MAX_TOKENS,
        r"it has a max_?output_?tokens value of <n> but the supported range is from \d{1,3} \(inclusive\) to <below>"
        r" \(exclusive\)",
        r"(?:\* )?(?:[\w.]{1,100}\.)?max_?output_?tokens:? (?:value )?(?:must|should) be (?:less than or equal to|at"
        r" most|<=) <limit>",
        r"(?:the )?max_?output_?tokens (?:value )?\(?<n>\)? (?:is too large|exceeds)\b<gap>\b<limit>",
    ),
    *phrases(
        Reason.FOREIGN_REASONING,
        r"function call\b[^\n]{0,200}? is missing a [`'\"]?thought_?signature",
        r"(?:the )?(?:invalid |corrupted )?thought_? ?signature (?:is|was) (?:not valid|invalid|corrupted|missing)",
        r"(?:invalid|corrupted|missing|malformed) [`'\"]?thought[_ ]?signature",
    ),
    *phrases(
        Reason.TOOL_SCHEMA,
        r"(?:function|tool) calling is not (?:enabled|supported)\b(?! with)",
        r"tools? use is not (?:enabled|supported)\b",
        r"invalid json payload received\. unknown name \"[^\"\n]{1,200}\" at 'tools\b",
        r"(?:\* )?(?:[\w.]{1,40}\.)?tools\[\d{1,4}\]\.(?:function_declarations|functionDeclarations)\b",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"invalid json payload received\. unknown name \"<parameter>\"",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"thinking is not (?:enabled|supported)\b",
        r"thinking[_ ]?(?:level|budget) is not supported\b",
        r"(?:the )?(?:thinking )?budget <n> is invalid\b",
        r"(?:the )?thinking budget <n> is invalid\b",
        parameter="thinkingConfig",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"(?:developer|system) instruction is not (?:enabled|supported)\b",
        parameter="systemInstruction",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"json mode is not (?:enabled|supported)\b",
        r"(?:function|tool) (?:calling|use) with (?:a )?response mime type\b",
        parameter="responseMimeType",
    ),
    *phrases(Reason.UNSUPPORTED_PARAMETER, r"penalty is not enabled\b", parameter="presencePenalty"),
    *phrases(Reason.UNSUPPORTED_PARAMETER, r"logprobs is not (?:enabled|supported)\b", parameter="responseLogprobs"),
)
"""What Google says of a request; compatible endpoints use the same sentences."""

ACCOUNT_PHRASES: tuple[Phrase, ...] = (
    *phrases(
        Reason.AUTHENTICATION,
        r"api key (?:not valid|not found|expired|is invalid|has expired)\b",
        r"your api key was reported as leaked\b",
        r"method doesn't allow unregistered callers\b",
        r"request had invalid authentication credentials\b",
        r"request is missing required authentication credential\b",
        r"permission denied: consumer\b",
    ),
    *phrases(
        Reason.BILLING,
        r"your prepa(?:yment|id) credits? (?:are|is) depleted\b",
        r"your (?:project|account|billing account)\b<gap>\bexceeded its (?:monthly )?spend(?:ing)? (?:cap|limit)\b",
        r"this api method requires billing to be enabled\b",
        r"billing (?:account\b<gap>|has not been enabled|is disabled|must be enabled|not enabled)",
        r"gemini api free tier is not available in your country\b",
        r"your plan does not include\b",
    ),
    *phrases(
        Reason.PERMISSION,
        r"user location is not supported\b",
        r"(?:the )?caller does not have permission\b",
        r"permission <id> denied\b",
    ),
    *phrases(
        Reason.MODEL_NOT_FOUND,
        r"(?:models|publishers|tunedModels)/\S{1,200} is not found\b",
        r"(?:publisher )?model <id> (?:was|is) not found\b",
        r"(?:publisher )?model <id> (?:does not exist|is not supported|has been (?:deprecated|retired|shut down))\b",
        r"this model <id> is no longer available\b",
        r"unexpected model name format\b",
    ),
    *phrases(
        Reason.OVERLOADED,
        r"(?:the|this) model is (?:currently )?(?:overloaded|experiencing high (?:demand|load|traffic))\b",
    ),
)

WORDING = Wording(
    NAMES,
    KINDS,
    (*ACCOUNT_PHRASES, *REQUEST_PHRASES),
    {},
)
