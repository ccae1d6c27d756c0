"""Answers that must be JSON go on by prefill only, and only where sent text and rest make one JSON text."""

from __future__ import annotations

import pytest

from sidecar.core.content import FormatKind, Request, ResponseFormat
from sidecar.core.events import Finish
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut

from .hedged import attempts
from .resuming import (
    CLAUDE,
    EITHER,
    PREFILLED,
    A,
    B,
    C,
    chain,
    claude_says,
    cut,
    restarts,
    told,
    whole,
)
from .rig import DONE, ask, chunk, good, steps, text

SCHEMA = ResponseFormat(FormatKind.JSON_SCHEMA, '{"type":"object"}')


def structured(policy: Policy | None = None, format: ResponseFormat = SCHEMA) -> Request:
    """A question whose answer must be JSON."""
    return ask(response_format=format, policy=policy or Policy())


@pytest.mark.parametrize("format", [SCHEMA, ResponseFormat(FormatKind.JSON)], ids=["schema", "any"])
def test_json_goes_on_by_prefill_only_and_without_asking_for_the_form_again(format: ResponseFormat) -> None:
    rig = chain((A, cut('{"a": ', "1,")), (B, good("x")), (PREFILLED, good(' "b"', ": 2}")))
    heard = told(rig, structured(format=format))
    assert whole(heard) == '{"a": 1, "b": 2}'
    assert rig.who == ["a", "p"]
    assert "response_format" in rig.bodies[0]
    assert "response_format" not in rig.bodies[1]


def test_the_rest_of_json_is_held_until_all_of_it_parses() -> None:
    rig = chain(
        (A, cut('{"a": 1,')), (PREFILLED, [good(' "b": 2, nonsense'), good("x")]), (CLAUDE, claude_says(' "c": 3}'))
    )
    heard = told(rig, structured())
    assert whole(heard) == '{"a": 1, "c": 3}'
    assert rig.who == ["a", "p", "claude"]
    assert attempts(heard)[1] == ("p/m", "resume", "CANCELLED")
    assert "nonsense" not in heard.text


def test_json_that_nobody_can_go_on_with_is_the_breaks_error() -> None:
    heard = told(chain((A, cut('{"a": 1,')), (B, good("x"))), structured())
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == '{"a": 1,'


def test_json_that_nobody_can_go_on_with_begins_again_where_that_is_allowed() -> None:
    rig = chain((A, cut('{"a": 1,')), (B, good('{"b": 2}')))
    heard = told(rig, structured(EITHER))
    assert restarts(heard) == ["b"]
    assert whole(heard) == '{"b": 2}'
    assert "response_format" in rig.last_body


def test_json_that_went_on_wrong_begins_again_where_that_is_allowed() -> None:
    rig = chain((A, cut('{"a": 1,')), (PREFILLED, [good("nonsense"), good('{"b": 2}')]))
    heard = told(rig, structured(EITHER))
    assert whole(heard) == '{"b": 2}'
    assert len(restarts(heard)) == 1


def test_json_of_which_nothing_was_sent_is_asked_for_anew_in_its_form() -> None:
    broken = steps(chunk({"reasoning_content": "Hm"}), Cut())
    rig = chain((A, broken), (C, good('{"a": 1}')))
    heard = told(rig, structured())
    assert whole(heard) == '{"a": 1}'
    assert "response_format" in rig.last_body


def test_json_cut_by_the_limit_of_the_output_is_passed_on_as_what_it_is() -> None:
    rest = steps(*text(' "b'), chunk({}, "length"), DONE)
    heard = told(chain((A, cut('{"a": 1,')), (PREFILLED, rest)), structured())
    assert whole(heard) == '{"a": 1, "b'
    assert heard.completed.finish is Finish.LENGTH
