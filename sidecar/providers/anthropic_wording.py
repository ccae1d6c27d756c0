"""How Anthropic words its errors (docs.anthropic.com/en/api/errors, and answers seen)."""

from __future__ import annotations

from ..core.reasons import Reason
from ..core.wording import Phrase, Wording, phrases
from .anthropic_names import KINDS, NAMES

_BLOCK = r"messages\.\d{1,6}\.content\.\d{1,6}"
_SUBSET = r"(?:schema type '|for '\w{1,20}' type,|invalid schema\b|circular reference\b|enum value\b)"
"""How refusals of a schema that is not of the strict subset begin, behind its path."""

REQUEST_PHRASES: tuple[Phrase, ...] = (
    *phrases(
        Reason.CONTEXT_LENGTH,
        r"prompt is too long: <n> tokens? > <limit> maximum",
        r"prompt is too long\b",
        r"input length exceeds (?:the )?context limit: <n> > <limit>",
        r"input is too long\b",
        r"request (?:exceeds the maximum (?:allowed )?(?:size|number of bytes)|too large)\b",
    ),
    *phrases(
        Reason.MAX_TOKENS,
        r"input length and `?max_tokens`? exceed context limit: <prompt> \+ <n> > <window>\b",
        r"`?max_tokens`?: <n> > <limit>, which is the maximum (?:allowed )?(?:number of )?output tokens",
        r"`?max_tokens`?: (?:input|value|number) should be less than or equal to <limit>",
        r"`?max_tokens`? (?:must|should) be (?:less than or equal to|at most|<=) <limit>",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"(?:this|the) model does not support (?:assistant message|assistant|response) prefill",
        r"prefill(?:ing)?(?: assistant messages?| the assistant message)? is not (?:supported|allowed|available)",
        r"`?assistant`? message prefill(?:ing)? is not supported",
        r"when using thinking, the final message must (?:be|have)\b<gap>\buser",
        parameter="prefill",
    ),
    *phrases(
        Reason.FOREIGN_REASONING,
        rf"(?:{_BLOCK}: )?invalid [`'\"]?(?:signature|data)[`'\"]? in [`'\"]?(?:redacted_)?thinking[`'\"]? block",
        rf"{_BLOCK}(?:\.type)?: expected [`'\"]?(?:redacted_)?thinking[`'\"]?",
        rf"{_BLOCK}\.(?:(?:redacted_)?thinking\.)?(?:signature|data|thinking): (?:field required|input should be)",
        rf"{_BLOCK}: [`'\"]?(?:redacted_)?thinking[`'\"]? (?:or [`'\"]?redacted_thinking[`'\"]? )?blocks?\b",
        r"expected `thinking` or `redacted_thinking`, but found",
        r"(?:the )?signature (?:in|of|for) (?:the )?[`'\"]?thinking[`'\"]? block (?:is|was) (?:invalid|not"
        r" valid|missing)",
    ),
    *phrases(
        Reason.TOOL_SCHEMA,
        r"tools\.\d{1,4}\.(?:custom\.)?input_schema\b",
        r"(?:this|the) model does not support (?:tools|tool use|tool calling)\b",
        rf"tools\.\d{{1,4}}(?:\.custom)?: {_SUBSET}",
        r"schemas contains? too many (?:optional parameters|parameters with union types)\b",
        r"(?:the )?(?:compiled grammar is too large|schema is too complex for grammar compilation)\b",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"<q><parameter><q>: `?(?P=parameter)`? may only be set to \d",
        r"`<parameter>` may only be set to \d",
        r"(?!messages\.|system\.)<parameter>: extra inputs are not permitted",
        r"<q><parameter><q> must be (?:greater than or equal to [\d.]{1,8} or )?unset when\b",
        r"`<parameter>` and `\w{1,60}` cannot both be specified for this model",
        r"<q><parameter><q>(?: parameter)? (?:is|are) (?:deprecated|not supported|unsupported|not available|not"
        r" allowed) (?:for|by|with|on|in|when)\b",
        r"<q><parameter><q>: [^'\"\n]{0,60}?\b(?:is|are) not supported (?:for|by|on|with) this model",
        r"(?:this|the) model does not support (?:the )?(?:`<id>` )?(?:parameter )?<q><parameter><q>(?:"
        r" parameter)?(?:\.|$)",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"adaptive thinking is not supported",
        r"thinking: input tag '\w{1,20}' found using 'type'",
        r"thinking may not be enabled when tool_choice forces tool use",
        parameter="thinking",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"(?:output_config(?:\.format)?: )?(?:<id>|(?:this|the) model) does not support (?:the )?(?:output format|structured outputs?)\b",
        r"output_(?:config\.)?format(?:\.\w{1,20})?: (?!extra inputs)",
        parameter="output_config.format",
    ),
    *phrases(Reason.UNSUPPORTED_PARAMETER, r"role 'system' is not supported on this model", parameter="system"),
    *phrases(Reason.CONTENT_FILTERED, r"output blocked by content filtering policy"),
)
"""What Anthropic says of a request; other vendors pass these sentences on."""

_ACCOUNT_PHRASES: tuple[Phrase, ...] = (
    *phrases(
        Reason.BILLING,
        r"your credit balance is too low\b",
        r"you have reached your specified (?:workspace )?api usage limits?\b",
        r"(?:this organization|your (?:organization|workspace|account)) (?:has|is) (?:reached|exceeded|over)"
        r" its\b<gap>\b(?:spend|usage|credit|monthly)",
        r"extra usage is required\b",
        r"(?:third-party apps|your (?:plan|subscription))\b<gap>\b(?:does not include|draw from your extra usage)",
    ),
    *phrases(
        Reason.AUTHENTICATION,
        r"invalid (?:x-api-key|bearer token|api key)\b",
        r"this organization has been disabled\b",
        r"(?:your|this) (?:account|api key) (?:has been|is) (?:disabled|deactivated|revoked|suspended)\b",
        r"oauth (?:authentication|token)\b<gap>\b(?:not allowed|not supported|expired|revoked|invalid)",
    ),
    *phrases(
        Reason.PERMISSION,
        r"your (?:api key|account|organization|workspace) does not have (?:permission|access)\b",
        r"you (?:do not|don't) have (?:permission|access)\b",
        r"the long context beta is not yet available\b",
    ),
    *phrases(Reason.RATE_LIMITED, r"number of (?:request|input|output) tokens has exceeded your\b<gap>\brate limit"),
)
_MODEL_PHRASES = phrases(
    Reason.MODEL_NOT_FOUND,
    r"model: [\w.@:/-]{1,200}(?:$|[.,;] |\n| \()",
    r"(?:the )?(?:requested )?model:? <id> (?:does not exist|(?:is|was|could) not (?:be )?found|not found|is not"
    r" available|is not supported|is not a valid model)",
    r"(?:the )?(?:requested )?model:? <id> (?:has been|is|was) (?:deprecated|retired|removed)",
    r"(?:unknown|invalid) model:? <id>\.?$",
    r"model not found\b",
)
_OVERLOAD_PHRASES = phrases(
    Reason.OVERLOADED,
    r"overloaded\b",
    r"(?:the|our) (?:service|servers?|api) (?:is|are)"
    r" overloaded",
)

WORDING = Wording(
    NAMES,
    KINDS,
    (*_ACCOUNT_PHRASES, *_MODEL_PHRASES, *_OVERLOAD_PHRASES, *REQUEST_PHRASES),
    {},
)
