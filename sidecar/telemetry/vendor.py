"""What the GenAI conventions call the vendor behind a provider (their `gen_ai.provider.name`)."""

from __future__ import annotations

_BY_PROVIDER = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "groq": "groq",
    "mistral": "mistral_ai",
    "deepseek": "deepseek",
    "moonshot": "moonshot_ai",
    "perplexity": "perplexity",
    "xai": "x_ai",
    "cohere": "cohere",
}
_BY_PROTOCOL = {
    "openai": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
}


def vendor(provider: str, protocol: str) -> str:
    """By the provider's name where it is a well-known one; else by what it speaks; else its own name.

    The conventions want the flavour of the wire here and allow that another company's service is behind it.
    """
    return _BY_PROVIDER.get(provider) or _BY_PROTOCOL.get(protocol) or provider
