"""The sentences in errors of OpenAI's protocol: OpenAI's own and those of every vendor that speaks it."""

from __future__ import annotations

from ..core.reasons import Reason
from ..core.wording import Phrase, Wording, phrases
from . import anthropic_wording, gemini_wording
from .openai_names import KINDS, NAMES

_MAX = r"[`'\"]?max_(?:completion_|output_|new_)?tokens[`'\"]?"
_TOOLS = r"(?:tools?|functions?|tool use|tool calls?|(?:tool|function)[ _-]calling)"
_NOT_SUPPORTED = r"(?:is|are) (?:(?:not (?:supported|available|enabled|allowed|permitted))|unsupported|deprecated)"
_KNOWN = (
    r"(?P<parameter>temperature|top_p|top_k|min_p|presence_penalty|frequency_penalty|repetition_penalty|seed|stop"
    r"|logprobs|top_logprobs|logit_bias|n|user|reasoning_effort|reasoning|thinking|verbosity|parallel_tool_calls"
    r"|stream_options|stream|response_format|tool_choice|max_tokens|max_completion_tokens|store|metadata"
    r"|service_tier|prediction|modalities|audio|presencePenalty|frequencyPenalty|reasoningEffort)"
)
_LACKS = r"(?:the |this |current )?(?:requested )?(?:model )?(?:<id> )?(?:does not|doesn't) support "
_MODEL = r"(?:the |this |requested |your )?(?:requested |specified )?model:? <id>"

_OUTPUT: tuple[Phrase, ...] = (
    *phrases(
        Reason.MAX_TOKENS,
        r"(?:this|the) (?:model|endpoint)'s maximum context length is <window> tokens[.,] (?:however,? )?you"
        r" requested (?:about )?<n> tokens \(<prompt> (?:in (?:the|your) (?:messages|prompt|input)|of text"
        r" input)[,;](?: <more> (?:in the (?:functions|tools)|of (?:tool|image|audio) input),)? (?:and )?<n>"
        r" (?:in|for) the (?:completion|output)",
        r"(?:this|the) (?:model|endpoint)'s maximum context length is <window> tokens[.,] (?:however,? )?you"
        r" requested <n> output tokens and your prompt contains (?:at least )?<prompt> input tokens",
        _MAX + r"(?: or " + _MAX + r")? is too large: <n>\. this model's maximum context length is <window> tokens"
        r" and your request has <prompt> input tokens",
        r"requested token count exceeds the model's maximum context length of <window> tokens\. you requested a"
        r" total of <n> tokens: <prompt> tokens from the input messages",
        r"`?inputs`? tokens \+ `?max_new_tokens`? must be <= <window>\. given: <prompt> `?inputs`? tokens",
    ),
    *phrases(
        Reason.MAX_TOKENS,
        _MAX + r" is too large: <n>\. this model supports at most <limit>\b",
        _MAX + r" ?[=:] ?<n> exceeds\b[^\n]{0,120}?\b(?:ceiling|limit|maximum) ?(?:\(|of |is |: )<limit>",
        r"invalid " + _MAX + r":? integer above maximum value\. expected a value <= <limit>",
        r"invalid " + _MAX + r" value, the valid range of max_tokens is \[\d{1,6}, ?<limit>\]",
        _MAX + r" ?:? (?:must|should) be (?:less than or equal to|at most|no (?:more|greater) than|<=|smaller than"
        r" or equal to) [`'\"]?<limit>",
        _MAX + r" ?:? (?:must|should) be (?:less than|<|smaller than) [`'\"]?<below>",
        _MAX + r" ?:? (?:must|should) be (?:in|within|between) (?:the range (?:of )?)?[\[(]?\d{1,6}(?:,| and| to|-)"
        r" ?<limit>",
        r"range of " + _MAX + r" should be \[\d{1,6}, ?<limit>\]",
        _MAX + r" \(?<n>\)? (?:exceeds|is (?:greater|larger|more) than|is above) (?:the |this )?(?:model's |model"
        r" )?(?:maximum|max|limit)[^'\"\n]{0,80}?<limit>",
        _MAX + r" (?:cannot|can't|must not|may not) (?:exceed|be (?:greater|larger|more|higher) than) [`'\"]?<limit>",
        r"(?:the )?(?:maximum|max)(?: allowed)?(?: value)?(?: for| of)? " + _MAX + r"(?: value)? is <limit>",
        r"requests with " + _MAX + r" > <limit> must have stream",
        r"(?:the )?(?:requested )?(?:maximum|max) (?:output|completion) tokens \(?<n>\)? exceeds\b<gap>\b<limit>",
        _MAX + r" is too large\b",
    ),
)
_WINDOW: tuple[Phrase, ...] = (
    *phrases(
        Reason.CONTEXT_LENGTH,
        r"request too large\b[^'\"\n]{0,300}?: limit:? <limit>",
        r"request (?:entity |body )?too large for \S{1,100} model\. max size: <limit> tokens",
        r"request (?:entity |body )?too large\b",
        r"(?:this|the) (?:model|endpoint)'s (?:maximum )?context (?:length|window)(?: limit)? is <limit> tokens",
        r"(?:this|the) model's maximum (?:prompt|input) length is <limit>\b",
        r"(?:this|the) (?:model|endpoint)'s maximum context length is <limit>\b",
        r"(?:the )?request \(<n> tokens\) exceeds the available context size \(<limit> tokens\)",
        r"(?:the )?request exceeds the available context size\b",
        r"input tokens exceed the configured limit of <limit> tokens",
        r"your (?:input|prompt|request|messages) exceeds? the context window\b",
        r"(?:the )?prompt is too long: <n>, model maximum context length: <limit>",
        r"(?:the )?prompt (?:is too long|\(?(?:total )?length <n>\)? is too long)[^'\"\n]{0,60}\((?:model )?context"
        r" length <limit>\)",
        r"(?:the )?(?:decoder |encoder )?prompt \((?:total )?length <n>\) is (?:longer than|too long)[^'\"\n]{0,60}?"
        r" length (?:of )?<limit>",
        r"prompt contains <n> tokens(?: and <n> draft tokens)?,? too large for model with <limit> maximum context"
        r" length",
        r"`?inputs`? must have (?:less|fewer) than <limit> tokens",
        r"(?:the )?input \(<n> tokens\) is longer than the model's context length \(<limit> tokens\)",
        r"requested token count exceeds the model's maximum context length of <limit> tokens",
        r"your request exceeded model token limit:? <limit>",
        r"please reduce the length of the messages(?: or completion)?\. current length is <n> while limit is <limit>",
        r"please reduce the length of the (?:messages|prompt|input)\b",
        r"too many tokens: (?:total number of tokens in the prompt cannot exceed|max tokens must be less than or"
        r" equal to) <limit>",
        r"trying to keep the first <n> tokens when context the overflows\. however, the model is loaded with context"
        r" length of only <limit> tokens",
        r"range of input length should be \[\d{1,6}, ?<limit>\]",
        r"prompt tokens? \(?<n>\)? (?:limit exceeded|exceeds?)\b<gap>\b<limit>",
        r"prompt token count of <n> exceeds the limit of <limit>",
        r"(?:the |your )?(?:input|prompt|request|messages?)(?: length)?(?: \(?(?:of )?<n>(?: tokens)?\)?)?"
        r" (?:exceeds?|is (?:longer|larger|greater) than) (?:the |this )?(?:model'?s )?(?:maximum |max )?(?:allowed )?"
        r"(?:context|input|prompt|sequence|token)[^'\"\n]{0,60}?\b<limit>\b",
        r"(?:the |your )?(?:input|prompt|request|messages?)(?: length)? (?:exceeds?|is (?:longer|larger|greater) than)"
        r" (?:the |this )?(?:model'?s )?(?:maximum |max )?(?:context|sequence) (?:length|window|size)",
        r"(?:the |your |this )?(?:prompt|input|request|conversation) is too long\b",
        r"(?:the |maximum )?context (?:length|window) (?:exceeded|exceeds limit)\b",
        r"prompt (?:exceeds max length|too long)\b",
    ),
)
_TOOL: tuple[Phrase, ...] = (
    *phrases(
        Reason.TOOL_SCHEMA,
        r"(?:tool|function) call validation failed\b",
        r"attempted to call (?:a )?tool <id> which was not in request",
        r"failed to call a function\b",
        _LACKS + r"(?:native )?" + _TOOLS + r"\b(?! choice)",
        r"(?:unsupported parameter: )?(?:the )?[`'\"]?" + _TOOLS + r"[`'\"]?(?: parameter)? " + _NOT_SUPPORTED,
        r"no endpoints found that support (?:tool use|tools|function calling)\b",
        r"\"auto\" tool choice requires --enable-auto-tool-choice",
        r"(?:the )?(?:model )?(?:called|tried to call|requested) an? (?:unknown|undeclared|undefined) (?:tool|function)\b",
        r"tools param requires --jinja flag",
        r"(?:`?tool_choice`?|tools|tool use)\b<gap>\brequires? --(?:enable-auto-tool-choice|tool-call-parser|jinja)",
        r"invalid schema for function <id>",
    ),
)
_PARAMETER: tuple[Phrase, ...] = (
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"expected last role user or tool\b<gap>\bgot assistant",
        r"expected last role (?:to be )?(?:one of )?<gap>\bgot [`'\"]?assistant",
        r"(?:the )?last message of \S{1,100} must be a user message\b",
        r"(?:the )?last message (?:must|should) (?:have role|be (?:a|from the)|be from)(?: role)? [`'\"]?user",
        r"cannot set `?add_generation_prompt`? to true when the last message is from the assistant",
        r"cannot have 2 or more assistant messages at the end of the list",
        r"assistant response prefill is (?:incompatible|not supported)\b",
        r"prefix (?:mode|completion)? ?is not supported\b",
        parameter="prefill",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        _LACKS + r"(?:thinking|reasoning)\b",
        parameter="reasoning_effort",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        r"unsupported (?:parameter|value|argument)(?:s|\(s\))?: [`'\"]<parameter>[`'\"]",
        r"unsupported (?:parameter|argument)(?:s|\(s\))?: <parameter>(?:$|[\s,.;])",
        r"unrecognized key(?:s|\(s\))? in object: '<parameter>'",
        r"additional properties are not allowed \('<parameter>' (?:was|were) unexpected\)",
        r"[`'\"]?<parameter>[`'\"]? is not a (?:supported|valid|recognized|known) parameter\b",
        r"(?:unknown|unrecognized) parameter:? [`'\"]?<parameter>[`'\"]?",
        r"unrecognized request arguments? supplied: <parameter>",
        r"argument not supported on this model: <parameter>",
        r"invalid parameter: [`'\"]<parameter>[`'\"] of type [`'\"][\w-]{1,60}[`'\"] is not supported with this model",
        r"invalid parameter: [`'\"]<parameter>[`'\"] " + _NOT_SUPPORTED,
        r"(?:the )?(?:parameter |property |argument )?[`'\"]<parameter>[`'\"](?: parameter| property)? "
        + _NOT_SUPPORTED,
        r"(?:the )?(?:parameter:? |property )?" + _KNOWN + r"(?: parameter)? " + _NOT_SUPPORTED,
        _LACKS + r"(?:the )?(?:parameter|property):? [`'\"]?<parameter>",
        _LACKS + r"(?:the |this |custom )?[`'\"]?" + _KNOWN + r"\b",
        r"\[\{'type': 'extra_forbidden', 'loc': \('body', '<parameter>'",
    ),
    *phrases(
        Reason.UNSUPPORTED_PARAMETER,
        _LACKS + r"(?:json mode|structured outputs?|response format)\b",
        r"[`'\"]response_format[`'\"]\b<gap>\bnot supported\b",
        parameter="response_format",
    ),
)
_REASONING = phrases(
    Reason.FOREIGN_REASONING,
    r"(?:the )?[`'\"]?reasoning_content[`'\"]? in the thinking mode must be passed back\b",
    r"(?:the )?encrypted content\b[^\n]{0,200}? could not be (?:verified|decrypted)\b",
    r"missing [`'\"]?reasoning_content[`'\"]? field\b",
    r"thinking is enabled but reasoning_content is missing\b",
    r"item '\w{1,200}' of type 'reasoning' was provided without its required following item",
    r"'messages\.\d{1,6}' : [^\n]{0,200}?property 'reasoning(?:_content)?' is unsupported",
    r"(?:invalid|missing|corrupted) (?:reasoning|thinking|thought) signature\b",
)
_SAFETY = phrases(
    Reason.CONTENT_FILTERED,
    r"your (?:request|prompt|input|content|messages?) (?:was|were|has been|have been)"
    r" (?:rejected|flagged|blocked|refused)\b",
    r"(?:the )?(?:response|prompt|request|input|output) was (?:filtered|blocked|flagged)\b",
    r"(?:the )?request was rejected because it was considered high risk\b",
    r"invalid prompt: (?:your|the) prompt was flagged\b",
    r"content exists risk\b",
    r"content violates usage guidelines\b",
    r"your chosen model requires moderation and your input was flagged\b",
    r"(?:the )?(?:input|output|prompt|request|content|text)(?: data| text)? (?:may contain|contains)"
    r" (?:inappropriate|unsafe|sensitive|prohibited|harmful|potentially)\b",
    r"system detected potentially (?:unsafe|sensitive)\b",
)
_MODELS = phrases(
    Reason.MODEL_NOT_FOUND,
    _MODEL + r" (?:does not exist|doesn't exist|not exist|(?:is |was |could )?not (?:be )?found|is not available|is"
    r" not supported|is not a valid model|is not deployed|is unknown)\b",
    _MODEL + r" (?:has been|is|was) (?:decommissioned|deprecated|retired|removed|discontinued|no longer)\b",
    r"(?:the )?requested model is not (?:supported|available)\b",
    r"(?:requested )?model (?:not exist|does not exist|not found)\b",
    r"(?:unknown|invalid|unrecognized|unsupported) model(?: id| name)?:? <id>",
    r"invalid model(?: id| name)?(?:\.|$)",
    r"<id> is not a valid model(?: id)?\b",
    r"no such model\b",
    r"not found the model <id>",
    r"unable to access model <id>",
    r"no (?:allowed )?(?:endpoints found for|models? matches|models? loaded)\b",
    r"(?:the )?api deployment for this resource does not exist\b",
    r"(?:the )?chatcompletion operation does not work with the specified model\b",
    r"this is not a chat model\b",
    r"this model is only supported in\b",
    r"function '[\w-]{1,100}': not found for account\b",
)
_ACCOUNT: tuple[Phrase, ...] = (
    *phrases(
        Reason.BILLING,
        r"you exceeded your current quota\b",
        r"insufficient (?:account )?(?:balance|credits?|funds|quota)\b(?! (?:is|in|as) )",
        r"you (?:have|'ve)? ?(?:insufficient|run out of|used all (?:of )?your|no) (?:account"
        r" )?(?:balance|credits?|quota|funds)\b",
        r"you don't have enough (?:credits?|balance|funds|quota)\b",
        r"your (?:newly created )?(?:team|account|organization|project)\b[^'\"\n]{0,120}?\b(?:used all available"
        r" credits|reached its monthly spending limit|doesn't have any credits|does not have any credits|in"
        r" arrears|check your (?:plan and )?billing|insufficient (?:balance|credits?|funds|quota))",
        r"your (?:credit|account) balance is (?:too low|insufficient|negative|not enough)\b",
        r"your credit balance is too low\b",
        r"your (?:current )?(?:account )?(?:plan|subscription|package)\b[^'\"\n]{0,100}?\b(?:does not|doesn't)"
        r" (?:yet )?(?:include|support|have)\b",
        r"your [^'\"\n]{0,60}?\b(?:plan|subscription|package) has expired\b",
        r"(?:the )?current account plan does not\b",
        r"(?:your )?(?:monthly|account|plan|total) (?:usage )?quota (?:has been |is |was )?(?:exceeded|exhausted|used up)\b",
        r"billing hard limit has been reached\b",
        r"key limit exceeded\b",
        r"this request requires more credits\b",
        r"(?:monthly )?(?:credit|spend(?:ing)?) limit (?:exceeded|reached)\b",
        r"(?:account )?balance (?:is )?(?:insufficient|not enough|exhausted)\b",
        r"payment required\b",
        r"access denied, please make sure your account is in good standing\b",
    ),
    *phrases(
        Reason.AUTHENTICATION,
        r"incorrect api key\b",
        r"(?:invalid|wrong|missing|expired|no) (?:api[ -]?key|authentication|authorization|access"
        r" token|token|credentials)(?: provided| supplied)?(?:[.:,!]|$)",
        r"(?:the |your )?api key (?:you provided |provided )?(?:is|was|has been|has)"
        r" (?:invalid|incorrect|expired|revoked|disabled|missing)\b",
        r"authentication fail(?:s|ed|ure)?\b",
        r"authorization failed\b",
        r"no auth credentials found\b",
        r"you didn't provide an api key\b",
        r"unauthori[sz]ed\b",
        r"access denied due to invalid subscription key\b",
        r"your account (?:has been|is) (?:deactivated|disabled|locked|banned)\b",
        r"organization has been (?:restricted|disabled|deactivated)\b",
    ),
    *phrases(
        Reason.PERMISSION,
        r"you are not allowed to (?:sample from|use|access)\b",
        r"you (?:do not|don't) have (?:permission|access|sufficient permissions)\b",
        r"you have insufficient permissions\b",
        r"(?:project|organization|team) <id> does not have access to model\b",
        r"country, region, or territory not supported\b",
        r"your (?:api key|account|organization|project) (?:does not|doesn't) have (?:permission|access)\b",
        r"(?:the )?model <id> is blocked at the (?:organization|project) level\b",
        r"(?:the )?model <id> requires terms acceptance\b",
        r"this (?:api )?key is not (?:authorized|allowed|permitted)\b",
        r"no endpoints found matching your (?:data policy|guardrail)",
        r"access denied due to virtual network\b",
    ),
    *phrases(
        Reason.RATE_LIMITED,
        r"(?:api )?(?:request )?rate limit (?:reached|exceeded|is exceeded)\b",
        r"(?:requests? )?rate limit exceeded\b",
        r"too many requests\b",
        r"you (?:have|'ve) (?:reached|exceeded|hit) (?:the|your|a) (?:\w{1,20} )?rate limit\b",
        r"requests to the \S{1,100} operation under\b<gap>\bhave exceeded\b",
    ),
    *phrases(
        Reason.OVERLOADED,
        r"(?:the |this |that |our )?(?:engine|server|service|model|system|api)s? (?:is|are|may be) (?:currently"
        r" |temporarily )*(?:overloaded|too busy|busy|at capacity|under heavy load|experiencing (?:high|heavy))",
        r"(?:the )?<id> model is (?:currently |temporarily )*(?:overloaded|at capacity|experiencing high)",
        r"service (?:is )?too busy\b",
        r"(?:server|model|engine) (?:busy|overloaded)\b",
        r"overloaded\b",
        r"(?:we're|we are) (?:currently )?experiencing (?:high|heavy) (?:traffic|load|demand)\b",
        r"(?:the )?system is currently experiencing high demand\b",
        r"(?:the )?service may be temporarily overloaded\b",
    ),
)
_ELSEWHERE = phrases(
    Reason.UNKNOWN,
    r"invalid url \(",
    r"unknown request url\b",
    r"resource not found\.?$",
    r"(?:file |page )?not found\.?$",
)
"""A wrong base URL or path, said in the protocol's own shape: nobody's request is to blame."""

WORDING = Wording(
    NAMES,
    KINDS,
    (
        *_OUTPUT,
        *_WINDOW,
        *_REASONING,
        *_TOOL,
        *_SAFETY,
        *_ACCOUNT,
        *_ELSEWHERE,
        *_MODELS,
        *_PARAMETER,
        *anthropic_wording.REQUEST_PHRASES,
        *gemini_wording.ACCOUNT_PHRASES,
        *gemini_wording.REQUEST_PHRASES,
    ),
    {
        "presencePenalty": "presence_penalty",
        "frequencyPenalty": "frequency_penalty",
        "reasoningEffort": "reasoning_effort",
        "topP": "top_p",
        "maxTokens": "max_tokens",
    },
)
