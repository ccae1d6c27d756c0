"""How Amazon Bedrock words its errors (docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html)."""

from __future__ import annotations

from ..core.reasons import Reason
from ..core.wording import Wording, phrases
from . import anthropic_wording

_NAMES: dict[str, tuple[Reason, ...]] = {
    "throttlingexception": (Reason.RATE_LIMITED,),
    "toomanyrequestsexception": (Reason.RATE_LIMITED,),
    "servicequotaexceededexception": (Reason.RATE_LIMITED,),
    "modelnotreadyexception": (Reason.OVERLOADED,),
    "serviceunavailableexception": (Reason.OVERLOADED,),
    "serviceunavailable": (Reason.OVERLOADED,),
    "modeltimeoutexception": (Reason.TIMEOUT,),
    "unrecognizedclientexception": (Reason.AUTHENTICATION,),
    "invalidsignatureexception": (Reason.AUTHENTICATION,),
    "signaturedoesnotmatch": (Reason.AUTHENTICATION,),
    "expiredtokenexception": (Reason.AUTHENTICATION,),
    "expiredtoken": (Reason.AUTHENTICATION,),
    "requestexpired": (Reason.AUTHENTICATION,),
    "invalidclienttokenid": (Reason.AUTHENTICATION,),
    "missingauthenticationtoken": (Reason.AUTHENTICATION,),
    "missingauthenticationtokenexception": (Reason.AUTHENTICATION,),
    "incompletesignature": (Reason.AUTHENTICATION,),
    "incompletesignatureexception": (Reason.AUTHENTICATION,),
    "optinrequired": (Reason.BILLING,),
}
_KINDS = {
    "validationexception": Reason.INVALID_REQUEST,
    "accessdeniedexception": Reason.PERMISSION,
    "accessdenied": Reason.PERMISSION,
    "notauthorized": Reason.PERMISSION,
    "resourcenotfoundexception": Reason.MODEL_NOT_FOUND,
    "internalserverexception": Reason.SERVER_ERROR,
    "internalfailure": Reason.SERVER_ERROR,
    "modelerrorexception": Reason.SERVER_ERROR,
    "modelstreamerrorexception": Reason.SERVER_ERROR,
}

_PHRASES = (
    *phrases(
        Reason.CONTEXT_LENGTH,
        r"input is too long for (?:the )?requested model\b",
        r"input tokens exceeded\b",
        r"too many input tokens\. max input tokens: <limit>",
        r"too many input tokens\b",
        r"(?:the )?input (?:token count )?exceeds the (?:maximum )?context (?:window|length)",
    ),
    *phrases(
        Reason.MAX_TOKENS,
        r"this model's maximum context length is <window> tokens\. please reduce[^'\"\n]{0,100}<prompt> tokens in"
        r" the prompt",
    ),
    *phrases(Reason.CONTEXT_LENGTH, r"this model's maximum context length is <limit> tokens"),
    *phrases(
        Reason.MAX_TOKENS,
        r"(?:the )?maximum tokens you requested exceeds the model limit of <limit>\b",
        r"malformed input request: #?/?(?:max_?tokens(?:_to_sample)?|max_gen_len|maxTokenCount"
        r"|textGenerationConfig/maxTokenCount|inferenceConfig/maxTokens): <n> is not less or equal to <limit>",
    ),
    *phrases(
        Reason.TOOL_SCHEMA,
        r"this model (?:doesn't|does not) support tool use\b",
        r"this model (?:doesn't|does not) support the toolConfig field\b",
        r"the value at toolConfig\.tools\.\d{1,4}\.toolSpec\.inputSchema\b",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"this model (?:doesn't|does not) support (?:a prefilled|prefilling|the prefill)\b",
        r"(?:the )?conversation must end with a user message\b",
        parameter="prefill",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"this model (?:doesn't|does not) support system (?:messages|prompts)\b",
        parameter="system",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"this model (?:doesn't|does not) support the <parameter> (?:field|parameter)\b",
        r"malformed input request: #: extraneous key \[<parameter>\] is not permitted",
        r"(?:extraneous|unknown) (?:key|parameter) \[<parameter>\] is not permitted",
    ),
    *phrases(
        Reason.MODEL_NOT_FOUND,
        r"(?:the )?provided model identifier is invalid\b",
        r"invocation of model id \S{1,200} with on-demand throughput isn't supported\b",
        r"could not resolve the foundation model\b",
        r"this model version has reached the end of its life\b",
        r"(?:the )?model <id> (?:was|is) not found\b",
        r"access denied\. this model is marked by provider as legacy\b",
    ),
    *phrases(
        Reason.BILLING,
        r"model access is denied due to invalid_payment_instrument\b",
        r"your aws account\b<gap>\bpayment\b",
    ),
    *phrases(
        Reason.AUTHENTICATION,
        r"(?:the )?security token included in the request is (?:invalid|expired)\b",
        r"authentication failed\b",
        r"bearer token (?:has|is) (?:expired|invalid)\b",
        r"(?:the )?request signature we calculated does not match\b",
        r"api key (?:has|is) (?:expired|invalid|not valid)\b",
    ),
    *phrases(
        Reason.PERMISSION,
        r"you (?:don't|do not) have access to the model\b",
        r"model access is denied\b",
        r"operation not allowed\b",
        r"model use case details have not been submitted\b",
        r"your account is not authorized to invoke this\b",
        r"access to anthropic models is not allowed from unsupported countries\b",
    ),
    *phrases(Reason.OVERLOADED, r"too many connections\b", r"(?:the )?model is (?:currently )?overloaded\b"),
    *phrases(
        Reason.CONTENT_FILTERED,
        r"(?:the )?(?:input|output|request|prompt) (?:was )?blocked by"
        r" (?:content|guardrail)",
    ),
)

WORDING = Wording(_NAMES, _KINDS, (*_PHRASES, *anthropic_wording.REQUEST_PHRASES), {})
