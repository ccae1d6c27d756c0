"""An answer too long to be kept for going on with, of which the caller wants no message at the end."""

from __future__ import annotations

import pytest

from sidecar.core.events import Restarted
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.core.recovery import MAX_RESUMED_CHARACTERS
from sidecar.transport.double import Cut

from .rig import Heard, Rig, ask, good, hear, provider, steps, text
from .virtual import run


def heard(rule: OnStreamBreak, *, omit_message: bool) -> Heard:
    broken = steps(*text("a" * MAX_RESUMED_CHARACTERS, "b"), Cut())
    rig = Rig({"a/m": [broken], "b/m": [good("whole")]}, (provider("a"), provider("b")), ("b/m",))
    return run(hear(rig, ask(policy=Policy(on_stream_break=rule), omit_message=omit_message)))


@pytest.mark.parametrize("omit_message", [False, True])
def test_nobody_goes_on_with_it_and_the_break_is_the_error(omit_message: bool) -> None:
    got = heard(OnStreamBreak.RESUME, omit_message=omit_message)
    assert got.error is not None
    assert got.error.reason is Reason.STREAM_BROKEN


@pytest.mark.parametrize("rule", [OnStreamBreak.RESTART, OnStreamBreak.RESUME_OR_RESTART])
@pytest.mark.parametrize("omit_message", [False, True])
def test_it_begins_again_where_the_policy_says_so(rule: OnStreamBreak, omit_message: bool) -> None:
    got = heard(rule, omit_message=omit_message)
    assert got.error is None
    assert sum(isinstance(event, Restarted) for event in got.events) == 1
