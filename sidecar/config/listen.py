"""The `listen` section: addresses, TLS, the callers' token."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from . import address
from .section import Hidden, Section, Text

UNIX_MODE_PATTERN = r"^0?[0-7]{3}$"


def _address(text: str) -> str:
    try:
        address.parsed(text)
    except ValueError as error:
        raise PydanticCustomError("address", "{said}", {"said": str(error)}) from None
    return text


AddressText = Annotated[str, AfterValidator(_address)]


class Tls(Section):
    """PEM files; relative paths start at the configuration's directory."""

    cert: Text
    key: Text
    client_ca: Text | None = None


class Listen(Section):
    """Where to serve."""

    grpc: Annotated[list[AddressText], Field(min_length=1, max_length=16)] = Field(
        default_factory=lambda: ["127.0.0.1:7650"]
    )
    http: AddressText | None = None
    probe: AddressText | None = None
    tls: Tls | None = None
    insecure: bool = False
    token: Hidden = None
    unix_mode: Annotated[str, StringConstraints(pattern=UNIX_MODE_PATTERN)] = "0660"
