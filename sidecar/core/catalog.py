"""What is configured: providers with their profiles and models, aliases, and global fallbacks. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from .policy import Policy


class Feature(StrEnum):
    """What a request may need of a model; the names of the `capabilities` setting."""

    TOOLS = "tools"
    STREAMED_TOOL_CALLS = "streamed_tool_calls"
    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    JSON_MODE = "json_mode"
    JSON_SCHEMA = "json_schema"
    REASONING = "reasoning"
    STREAMING = "streaming"


class Prefill(StrEnum):
    """How an endpoint is told that the last message is the beginning of the answer: not at all, by its role alone, by
    `prefix: true` or `partial: true` in it, or by `continue_final_message: true` beside the messages."""

    NONE = "none"
    PLAIN = "plain"
    PREFIX = "prefix"
    PARTIAL = "partial"
    CONTINUE = "continue_final_message"


class Strategy(StrEnum):
    """How a provider's profiles take turns."""

    SEQUENTIAL = "sequential"
    ROUND_ROBIN = "round_robin"
    RANDOM = "random"
    WEIGHTED = "weighted"
    LEAST_BUSY = "least_busy"
    HEADROOM = "headroom"


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a secret comes from: `env` (a variable's name), `file` (a path), `literal` (the value), `none`."""

    kind: str
    source: str = field(default="", repr=False)

    def __repr__(self) -> str:
        """Names the place, never a literal value."""
        return (
            f"Credential({self.kind})" if self.kind in ("literal", "none") else f"Credential({self.kind}:{self.source})"
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """One named credential of a provider. `base_url` replaces the provider's. Limits: None is unlimited."""

    name: str
    credential: Credential
    base_url: str | None = None
    enabled: bool = True
    weight: float = 1.0
    rpm: int | None = None
    tpm: int | None = None
    max_concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars per million tokens."""

    input: int = 0
    output: int = 0
    cached_input: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of one model at one provider. None means unknown: not a reason to skip it.

    `context_window`: tokens. `max_output_tokens`: the most it writes, and what is asked for where a wire protocol demands
    a number and the request names none. `features`: what it takes; None, anything. `streaming`: False means one unary
    upstream call. `thinks_silently`: it reasons before its first content without streaming that, so the first-content
    clock is 60 s. `max_batch_inputs`: texts of one request for embeddings. `prefill`: instead of the provider's.
    """

    id: str
    context_window: int | None = None
    max_output_tokens: int | None = None
    features: frozenset[Feature] | None = None
    streaming: bool = True
    thinks_silently: bool = False
    max_image_bytes: int | None = None
    fallbacks: tuple[str, ...] = ()
    price: Price | None = None
    policy: Policy = Policy()
    max_batch_inputs: int | None = None
    prefill: Prefill | None = None


@lru_cache(maxsize=1024)
def _undeclared(model_id: str) -> Model:
    return Model(model_id)


@dataclass(frozen=True, slots=True)
class Provider:
    """One upstream service. `model_patterns`: globs over model ids that this provider serves without declaring them."""

    name: str
    protocol: str
    base_url: str
    profiles: tuple[Profile, ...]
    models: Mapping[str, Model] = field(default_factory=dict)
    model_patterns: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    strategy: Strategy = Strategy.SEQUENTIAL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    organization: str | None = None
    prefill: Prefill = Prefill.NONE
    policy: Policy = Policy()

    def model(self, model_id: str) -> Model:
        """The declared model, or one of which nothing is known."""
        return self.models.get(model_id) or _undeclared(model_id)

    def url_of(self, profile: Profile) -> str:
        """The base URL a profile speaks to, without a trailing slash."""
        return (profile.base_url or self.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for several targets in order. `isolated`: no provider or global fallbacks."""

    name: str
    targets: tuple[str, ...]
    fallbacks: tuple[str, ...] = ()
    isolated: bool = False
    interchangeable: bool = False
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything a reference can resolve to."""

    providers: Mapping[str, Provider]
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()
    default_model: str | None = None
    default_provider: str | None = None
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Entry:
    """One (provider, model) of a chain; `profile` is set when the configuration named one (`provider/model@profile`)."""

    provider: str
    model: str
    profile: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Target:
    """Entry + profile: one thing that can answer. `base_url` without a trailing slash; `key_id` names the credential's
    state (a keyed hash of secret and base URL), so a replaced key starts clean."""

    entry: Entry
    profile: str
    base_url: str
    key_id: str
