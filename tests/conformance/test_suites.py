"""Every case of the suites, played over gRPC against the real server process and a provider over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .case import Case
from .playing import play
from .stage import Stage
from .suite import cases


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The simulator and the processes that the cases share."""
    with Stage(tmp_path_factory.mktemp("conformance"), cases()) as begun:
        yield begun


@pytest.mark.parametrize("case", cases(), ids=[case.case for case in cases()])
def test_a_case_is_seen_from_every_side_as_the_suite_says(stage: Stage, case: Case) -> None:
    found = play(stage, case)
    assert not found, "\n".join(found)
