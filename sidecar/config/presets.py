"""Well-known providers as data: protocol, base URL, key variable, model patterns, and what their keys begin with."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.catalog import Prefill
from ..core.wire import ANTHROPIC
from .url import host_of


@dataclass(frozen=True, slots=True)
class Preset:
    """What a provider's name fills in. `base_url` None: each account has its own. `key_variable` None: no key."""

    protocol: str
    base_url: str | None
    key_variable: str | None
    model_patterns: tuple[str, ...] = ()
    url_example: str = ""
    prefill: Prefill = Prefill.NONE

    def base_url_variable(self, name: str) -> str:
        """The variable that replaces the base URL where no file is used: OPENAI_BASE_URL."""
        if self.key_variable:
            return self.key_variable.removesuffix("_API_KEY") + "_BASE_URL"
        return f"{name.upper()}_BASE_URL"


# Checked against the vendors' pages in November 2026.
PRESETS: dict[str, Preset] = {
    "openai": Preset(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        ("gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*"),
    ),
    "anthropic": Preset(
        "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", ("claude-*",), prefill=Prefill.PLAIN
    ),
    "gemini": Preset(
        "gemini",
        "https://generativelanguage.googleapis.com",
        "GEMINI_API_KEY",
        ("gemini-*", "gemma-*"),
    ),
    "azure": Preset(
        "openai",
        None,
        "AZURE_OPENAI_API_KEY",
        (),
        "https://YOUR-RESOURCE.openai.azure.com/openai/v1",
    ),
    "openrouter": Preset("openai", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "groq": Preset("openai", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Preset(
        "openai",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        ("mistral-*", "ministral-*", "magistral-*", "codestral-*", "devstral-*", "pixtral-*", "open-mistral-*"),
        prefill=Prefill.PREFIX,
    ),
    "deepseek": Preset("openai", "https://api.deepseek.com", "DEEPSEEK_API_KEY", ("deepseek-*",)),
    "together": Preset("openai", "https://api.together.ai/v1", "TOGETHER_API_KEY"),
    "fireworks": Preset(
        "openai",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        ("accounts/fireworks/*",),
    ),
    "xai": Preset("openai", "https://api.x.ai/v1", "XAI_API_KEY", ("grok-*",)),
    "cerebras": Preset("openai", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    # Sonar's chat completions ended on 27 September 2026; what followed speaks OpenAI's Responses.
    "perplexity": Preset("openai-responses", "https://api.perplexity.ai/v1", "PERPLEXITY_API_KEY", ("sonar*",)),
    "nvidia": Preset("openai", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "ollama": Preset("openai", "http://127.0.0.1:11434/v1", None),
    "lmstudio": Preset("openai", "http://127.0.0.1:1234/v1", None),
    "vllm": Preset("openai", "http://127.0.0.1:8000/v1", None, prefill=Prefill.CONTINUE),
}

# Longest first: the first prefix that fits names the vendors whose keys begin so.
KEY_PREFIXES: tuple[tuple[str, frozenset[str]], ...] = (
    ("sk-svcacct-", frozenset({"openai"})),
    ("sk-admin-", frozenset({"openai"})),
    ("sk-proj-", frozenset({"openai"})),
    ("sk-ant-", frozenset({"anthropic"})),
    ("sk-or-", frozenset({"openrouter"})),
    ("tgp_v1_", frozenset({"together"})),
    ("nvapi-", frozenset({"nvidia"})),
    ("pplx-", frozenset({"perplexity"})),
    ("gsk_", frozenset({"groq"})),
    ("xai-", frozenset({"xai"})),
    ("csk-", frozenset({"cerebras"})),
    ("AIza", frozenset({"gemini"})),
    ("fw_", frozenset({"fireworks"})),
    ("AQ.", frozenset({"gemini"})),
    ("sk-", frozenset({"openai", "deepseek"})),
)


def vendor_at(url: str) -> str | None:
    """The well-known vendor whose service stands at a URL."""
    host = host_of(url)
    if host.endswith(".openai.azure.com"):
        return "azure"
    return next(
        (name for name, p in PRESETS.items() if p.key_variable and p.base_url and host_of(p.base_url) == host), None
    )


def foreign_vendor(key: str, url: str) -> str | None:
    """Whose key this looks like, when it goes to another well-known vendor; None when nothing is amiss."""
    here = vendor_at(url)
    if here is None:
        return None
    vendors = next((vendors for prefix, vendors in KEY_PREFIXES if key.startswith(prefix)), None)
    return None if vendors is None or here in vendors else " or ".join(sorted(vendors))


def prefill_of(name: str, protocol: str) -> Prefill:
    """How a provider is given the beginning of an answer: by its preset, else by its wire protocol, which may say no more."""
    preset = PRESETS.get(name)
    if preset is not None and protocol in ("", preset.protocol):
        return preset.prefill
    return Prefill.PLAIN if protocol == ANTHROPIC else Prefill.NONE
