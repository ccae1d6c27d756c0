"""The `providers` section: providers, their profiles and their models."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ..core.catalog import Feature, Prefill, Strategy
from . import url
from .policy import Switches
from .section import (
    Bytes,
    Count,
    Hidden,
    MicroDollars,
    ModelId,
    Name,
    RateLimit,
    Reference,
    Seconds,
    Section,
    Text,
    Tokens,
)

HEADER_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
HEADER_VALUE_PATTERN = r"^[\t\x20-\x7e]*$"


class Protocol(StrEnum):
    """The wire protocols."""

    OPENAI = "openai"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    BEDROCK = "bedrock"


class AuthType(StrEnum):
    """Ways of proving who we are where a plain key is not enough."""

    API_KEY = "api_key"
    BEARER = "bearer"
    AWS = "aws"
    GOOGLE = "google"
    AZURE_AD = "azure_ad"
    EXEC = "exec"


def _base_url(text: str) -> str:
    try:
        return url.checked_base(text)
    except ValueError as error:
        raise PydanticCustomError("url", "{said}", {"said": str(error)}) from None


def _proxy(text: str) -> str:
    try:
        return url.checked_proxy(text)
    except ValueError as error:
        raise PydanticCustomError("url", "{said}", {"said": str(error)}) from None


BaseUrl = Annotated[str, AfterValidator(_base_url)]
ProxyUrl = Annotated[str, AfterValidator(_proxy)]
HeaderName = Annotated[str, StringConstraints(pattern=HEADER_PATTERN, max_length=200)]
HeaderValue = Annotated[str, StringConstraints(pattern=HEADER_VALUE_PATTERN, max_length=8192)]


class Auth(Section):
    """Anything but a plain key. Secrets in it are `env:NAME` or `file:PATH`."""

    type: Annotated[AuthType, Field(strict=False)]
    key: Hidden = None
    token: Hidden = None
    region: Text | None = None
    access_key_id: Text | None = None
    secret_access_key: Hidden = None
    session_token: Hidden = None
    role_arn: Text | None = None
    credentials_file: Text | None = None
    scope: Text | None = None
    tenant_id: Text | None = None
    client_id: Text | None = None
    client_secret: Hidden = None
    command: Annotated[list[Text], Field(min_length=1)] | None = None
    timeout_s: Seconds | None = None


class Profile(Section):
    """One named credential, with limits of its own."""

    name: Name
    api_key: Hidden = None
    auth: Auth | None = None
    base_url: BaseUrl | None = None
    enabled: bool = True
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    rpm: RateLimit | None = None
    tpm: RateLimit | None = None
    max_concurrency: RateLimit | None = None


class Price(Section):
    """Micro-dollars per million tokens: 2500000 is 2.50 dollars."""

    input: MicroDollars
    output: MicroDollars
    cached_input: MicroDollars | None = None


class Model(Section):
    """What is known of a model. What is left out is unknown, and no reason to skip it."""

    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: list[Annotated[Feature, Field(strict=False)]] | None = None
    streaming: bool = True
    thinks_silently: bool = False
    max_image_bytes: Bytes | None = None
    max_batch_inputs: Count | None = None
    prefill: Annotated[Prefill, Field(strict=False)] | None = None
    fallbacks: list[Reference] = Field(default_factory=list)
    price: Price | None = None
    policy: Switches = Switches()


class Provider(Section):
    """One upstream service. What a preset knows of its name may be left out."""

    protocol: Annotated[Protocol, Field(strict=False)] | None = None
    base_url: BaseUrl | None = None
    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.SEQUENTIAL
    headers: Annotated[dict[HeaderName, HeaderValue], Field(repr=False)] = Field(default_factory=dict)
    query: Annotated[dict[Text, str], Field(repr=False)] = Field(default_factory=dict)
    proxy: Annotated[ProxyUrl | None, Field(repr=False)] = None
    ca_file: Text | None = None
    organization: Annotated[str, StringConstraints(pattern=HEADER_VALUE_PATTERN, min_length=1)] | None = None
    prefill: Annotated[Prefill, Field(strict=False)] | None = None
    api_version: Text | None = None
    region: Text | None = None
    api_key: Hidden = None
    profiles: Annotated[list[Profile], Field(min_length=1, max_length=1000)] | None = None
    models: dict[ModelId, Model] = Field(default_factory=dict)
    model_patterns: list[ModelId] | None = None
    fallbacks: list[Reference] = Field(default_factory=list)
    policy: Switches = Switches()
