"""An answer that begins with white space, as models write it behind their thoughts, and is said again."""

from __future__ import annotations

import pytest

from sidecar.core.seam import Way

from .splicing import continued


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("again", [" them.", "", ", and whales"])
def test_an_answer_that_begins_with_white_space_is_known_when_it_is_said_again(way: Way, again: str) -> None:
    sent = "\n\nThe remora holds on to sharks, and eats"
    assert continued(sent, way, [sent + again]) == sent + again
    assert continued(sent, way, [*(sent.lstrip() + again)]) == sent + again


@pytest.mark.parametrize("way", list(Way))
def test_an_answer_that_begins_with_white_space_and_is_begun_differently_is_never_spliced(way: Way) -> None:
    sent = "\n\nThe remora holds on to sharks, and eats"
    assert continued(sent, way, ["\n\nThe remora holds on to whales."]) is None
