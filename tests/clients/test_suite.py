"""Every client does the same: each case of the suite is played by each language's runner against real processes."""

from __future__ import annotations

import pytest

from .case import Case, load
from .language import LANGUAGES, built, missing
from .playing import play
from .stage import Stage

CASES = load()
HERE = [language for language in LANGUAGES if missing(language) is None]
"""A language that is not here is one skip, of test_the_client_is_built."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_client_is_built(language: str) -> None:
    lacking = missing(language)
    if lacking is not None:
        assert not lacking.required, f"{language} is required here: {lacking.what}"
        pytest.skip(f"{language}: {lacking.what}")
    assert not built(language)


@pytest.mark.parametrize("language", HERE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_a_client_does_what_the_suite_says(stage: Stage, case: Case, language: str) -> None:
    assert not built(language)
    assert not play(stage, case, language)


def test_the_suite_is_sound() -> None:
    names = [case.case for case in CASES]
    assert len(names) == len(set(names)) >= 28
    for case in CASES:
        assert (case.server == "scripted") == bool(case.steps), case.case
        assert case.seen is None or case.steps, case.case
        assert all(call.ends == 1 for call in case.calls), f"{case.case}: a call ends in one way"
