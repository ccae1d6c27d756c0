"""What loading a configuration comes to, as plain values: they cross from the loading process to the serving one."""

from __future__ import annotations

from dataclasses import dataclass

from .problem import ConfigError, Problem
from .settings import Settings


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either `settings`, with lines to tell an operator at the start (`notes`), or the problems of `source`.

    `files`: every file that the configuration names, absolute, also where it was refused: a change in one of them is a
    reason to load again.
    """

    source: str
    settings: Settings | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def for_serving(self) -> Settings:
        """The settings to run with. Raises ConfigError with every problem."""
        if self.settings is None:
            raise ConfigError(self.problems, self.source)
        return self.settings
