"""Loads a configuration: the settings with their warnings, or every problem at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

from ..regular_file import content
from .assembly import assembled
from .built import unbuilt
from .caution import cautions
from .consistency import examine
from .document import Document, parsed
from .gathering import Gatherer
from .naming import named_files
from .outcome import Loaded, Outcome
from .problem import ConfigError, Problem
from .validation import validated

__all__ = ["Loaded", "load", "load_document", "load_text", "outcome_of"]


def load(path: str | Path, env: Mapping[str, str]) -> Loaded:
    """Loads a YAML file, or a pipe's text. Relative paths in it start at its directory. ConfigError has every problem found."""
    return load_text(_text_of(path, Path.read_bytes), env, Path(path).parent, str(path))


def outcome_of(path: str | Path, env: Mapping[str, str]) -> Outcome:
    """The same for serving, as plain values: what is not built yet is a problem too, and the files named are told.

    Of a regular file: what is served is watched.
    """
    files: tuple[str, ...] = ()
    try:
        document = parsed(_text_of(path, _content), str(path))
        files = named_files(document.data, Path(path).parent.absolute())
        return Outcome(str(path), load_document(document, env, Path(path).parent).for_serving(), files=files)
    except ConfigError as error:
        return Outcome(error.source, problems=error.problems, files=files)


def _content(path: Path) -> bytes:
    return content(str(path))


def _text_of(path: str | Path, read: Callable[[Path], bytes]) -> str:
    try:
        return io.StringIO(read(Path(path)).decode("utf-8"), newline=None).read()
    except UnicodeDecodeError:
        raise ConfigError([Problem("", None, None, "is not UTF-8 text")], str(path)) from None
    except OSError as error:
        raise ConfigError([Problem("", None, None, f"cannot be read: {error.strerror}")], str(path)) from None


def load_text(text: str, env: Mapping[str, str], base_dir: Path, source: str = "configuration") -> Loaded:
    """Loads YAML text. ConfigError has every problem found."""
    return load_document(parsed(text, source), env, base_dir)


def load_document(document: Document, env: Mapping[str, str], base_dir: Path) -> Loaded:
    """Loads what has been read. ConfigError has every problem found, those noted in the document included."""
    base_dir = base_dir.absolute()
    file = validated(document)
    examine(document)
    gathered = Gatherer(document, env, base_dir).gather()
    document.refuse()
    assert file is not None  # a misfit would have been noted
    settings = assembled(file, gathered, base_dir, document.source)
    return Loaded(
        settings,
        tuple(cautions(document, settings, gathered)),
        tuple(document.problem(path, message) for path, message in unbuilt(document.data)),
    )
