"""The child's side of `child.py`: loads, writes the pickled `Outcome` to standard output, and ends."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading

from . import environment, loading
from .child import LIMIT_S
from .outcome import Outcome
from .problem import ConfigError, Problem


def main(arguments: list[str]) -> None:
    """`arguments`: the file, or nothing for providers from the environment. Never returns."""
    signal.alarm(round(LIMIT_S))
    pipe = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not get in between
    threading.Thread(target=_end_with_parent, daemon=True).start()
    source = arguments[0] if arguments else environment.SOURCE
    try:
        outcome = loading.outcome_of(source, os.environ) if arguments else from_environment()
    except Exception as error:  # a bug of ours: the parent must be able to say that there is one
        said = f"could not be checked: {type(error).__name__}; this is a bug"
        outcome = Outcome(source, problems=(Problem("", None, None, said),))
    with os.fdopen(pipe, "wb") as out:
        pickle.dump(outcome, out, pickle.HIGHEST_PROTOCOL)
    os._exit(0)


def from_environment() -> Outcome:
    """Providers from the environment."""
    try:
        loaded = environment.load(os.environ)
        notes = tuple(warning.message for warning in loaded.warnings)
        return Outcome(environment.SOURCE, loaded.for_serving(), notes=notes)
    except ConfigError as error:
        return Outcome(error.source, problems=error.problems)


def _end_with_parent() -> None:
    """The parent never writes: reading ends when it closes the pipe, or is gone."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
