"""Loads a configuration: the settings with their warnings, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .assembly import assembled
from .built import unbuilt
from .caution import cautions
from .consistency import examine
from .document import Document, parsed
from .gathering import Gatherer
from .problem import ConfigError, Problem
from .settings import Settings
from .validation import validated


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration. `warnings`: what it probably does not mean. `unbuilt`: what this version cannot do yet."""

    settings: Settings
    warnings: tuple[Problem, ...] = ()
    unbuilt: tuple[Problem, ...] = ()

    def for_serving(self) -> Settings:
        """The settings to run with. ConfigError names every setting that is not built yet."""
        if self.unbuilt:
            raise ConfigError(self.unbuilt, self.settings.source)
        return self.settings


def load(path: str | Path, env: Mapping[str, str]) -> Loaded:
    """Loads a YAML file. Relative paths in it start at its directory. ConfigError has every problem found."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError([Problem("", None, None, "is not UTF-8 text")], str(path)) from None
    except OSError as error:
        raise ConfigError([Problem("", None, None, f"cannot be read: {error.strerror}")], str(path)) from None
    return load_text(text, env, Path(path).parent, str(path))


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
