"""Where secrets come from: `env:NAME`, `file:PATH` or `none`. Messages name the place, never the content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..core.catalog import Credential
from ..regular_file import opener
from .problem import is_secret_like

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_CHARACTERS = 65_536
_MAX_PEM_CHARACTERS = 1_048_576


class SecretError(Exception):
    """A secret that cannot be had. The text may be shown to anyone."""


def credential(text: str, base_dir: Path) -> Credential:
    """Parses a reference to a secret; relative files start at `base_dir`. SecretError for anything else."""
    kind, colon, source = text.partition(":")
    if text == "none":
        return Credential("none")
    if colon and kind == "env":
        if not _VARIABLE.fullmatch(source):
            raise SecretError("what follows env: is not the name of an environment variable")
        return Credential("env", source)
    if colon and kind == "file":
        return Credential("file", path_of(source, base_dir))
    raise SecretError("must be env:NAME or file:PATH; secrets themselves do not belong into this file")


def path_of(text: str, base_dir: Path) -> str:
    """A file's absolute path. SecretError for what looks like a secret rather than like a path."""
    if not text or "\0" in text or ("/" not in text and is_secret_like(text)):
        raise SecretError("must be the path of a file")
    return str(base_dir / text)


def read(secret: Credential, env: Mapping[str, str], *, may_have_spaces: bool = False) -> str:
    """The secret's value now, without whitespace around it; empty for kind `none`. SecretError if it cannot be had.

    `may_have_spaces`: for whole header values ("Bearer …"); keys have none.
    """
    if secret.kind == "none":
        return ""
    if secret.kind == "env":
        place, value = f"the environment variable {_variable(secret.source)}", env.get(secret.source)
        if value is None:
            raise SecretError(f"{place} is not set")
    elif secret.kind == "file":
        place, value = f"the file {secret.source}", text_of(secret.source)
    else:
        place, value = "the key", secret.source
    value = value.strip()
    if not value:
        raise SecretError(f"{place} is empty")
    if not all("!" <= c <= "~" or (c == " " and may_have_spaces) for c in value):
        raise SecretError(f"{place} has spaces, line breaks or characters other than ASCII in the middle")
    return value


def _variable(name: str) -> str:
    """The name, unless somebody wrote a key in its place: variables that hold keys are upper case by custom."""
    return name if name == name.upper() or not is_secret_like(name) else "after env: (not shown: it looks like a key)"


def text_of(path: str, limit: int = _MAX_CHARACTERS) -> str:
    """A small text file, a regular one. SecretError names the file and what the system said, never content."""
    try:
        with open(path, encoding="utf-8", opener=opener) as file:
            text = file.read(limit + 1)
    except UnicodeDecodeError:
        raise SecretError(f"the file {path} is not text") from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise SecretError(f"the file {path} cannot be read: {said or 'not a path'}") from None
    if len(text) > limit:
        raise SecretError(f"the file {path} is longer than {limit} characters")
    return text


def pem_of(path: str) -> str:
    """A certificate or key file, up to 1 MiB. SecretError as `text_of`."""
    return text_of(path, _MAX_PEM_CHARACTERS)
