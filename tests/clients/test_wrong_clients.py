"""The suite judges: a client with a fault is noticed by the case that is there for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from . import wrong_client
from .case import load
from .playing import play
from .stage import Stage

CASES = {case.case: case for case in load()}
NOTICED = [
    ("never_cancels", "cancel"),
    ("never_cancels", "leave"),
    ("never_cancels", "cancel-a-call-that-hangs"),
    ("never_cancels", "leave-a-call-that-hangs"),
    ("wrong_pieces", "text"),
    ("loses_an_event", "plain"),
    ("drops_long_text", "big-answer"),
    ("leaves_out_images", "image"),
    ("leaves_out_reasoning", "reasoning-replayed"),
    ("leaves_out_reasoning", "without-message"),
    ("reverses_vectors", "embeddings"),
    ("watches_once", "health-watched"),
    ("unary_without_deadline_and_trace", "unary-like-a-stream"),
    ("smaller_limit", "big-request"),
    ("smaller_limit", "big-answer"),
    ("does_not_wait", "not-up-yet"),
    ("logs_content", "plain"),
]


@pytest.mark.parametrize(("fault", "case"), NOTICED)
def test_a_wrong_client_is_noticed(stage: Stage, fault: str, case: str) -> None:
    command = [sys.executable, str(Path(wrong_client.__file__)), fault]
    assert play(stage, CASES[case], "python", command)


@pytest.mark.parametrize("case", sorted({case for _, case in NOTICED}))
def test_the_same_client_without_a_fault_is_right(stage: Stage, case: str) -> None:
    assert not play(stage, CASES[case], "python", [sys.executable, str(Path(wrong_client.__file__)), "nothing"])


def test_every_fault_is_tried() -> None:
    assert {fault for fault, _ in NOTICED} | {"nothing"} == set(wrong_client.FAULTS)
