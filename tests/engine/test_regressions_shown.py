"""What everybody on the socket may read of a failure: status and a machine's code, never a provider's sentence."""

from __future__ import annotations

import pytest

from sidecar.core.classify import Verdict
from sidecar.core.reasons import Reason

from .rig import error, good, hear
from .virtual import run
from .wires import A, B, Wires

SENTENCES = [
    "the prompt 'my secret plan' was not understood",
    "my secret plan",
    "secret\nplan",
    "plan\n",
    "<b>plan</b>",
    "plan/secret",
    "plän",
    "x" * 65,
    "",
]
NAMES = ["insufficient_quota", "rate-limit.exceeded:tokens", "1302", "A" * 64]


@pytest.mark.parametrize("code", SENTENCES)
def test_a_code_that_is_no_short_name_is_not_shown(code: str) -> None:
    assert Verdict(Reason.SERVER_ERROR, status=500, code=code, message="words").shown == "500"
    assert Verdict(Reason.SERVER_ERROR, code=code, message="words").shown == ""


@pytest.mark.parametrize("code", NAMES)
def test_a_short_name_is_shown_beside_the_status(code: str) -> None:
    assert Verdict(Reason.SERVER_ERROR, status=500, code=code, message="words").shown == f"500 {code}"


def test_our_own_words_are_shown_whole() -> None:
    own = Verdict(Reason.TIMEOUT, status=200, code="a sentence of theirs", message="no content for 20 s", is_own=True)
    assert own.shown == "no content for 20 s"


@pytest.mark.parametrize(
    ("code", "expected"), [("Your text 'plan' failed", "500"), ("internal_error", "500 internal_error")]
)
def test_the_last_error_of_an_entry_has_the_code_only_where_it_is_a_name(code: str, expected: str) -> None:
    rig = Wires({"a/m": [error(500, "Your text 'plan' failed", code)], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig))
    assert heard.reasons[-1] == ""
    assert rig.engine.services.health.entry(rig.target("a/m")).last_error == expected
    (first, *_) = heard.completed.report.attempts
    assert "plan" in first.message, "the caller's own report has the provider's words"
