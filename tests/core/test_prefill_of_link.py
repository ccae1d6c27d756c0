"""How an entry is given the beginning of an answer: as its model says, else as its provider does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.catalog import Model, Prefill

from .build import link, target


@pytest.mark.parametrize(
    ("of_provider", "of_model", "found"),
    [
        (Prefill.PARTIAL, None, Prefill.PARTIAL),
        (Prefill.PARTIAL, Prefill.NONE, Prefill.NONE),
        (Prefill.NONE, Prefill.PLAIN, Prefill.PLAIN),
        (Prefill.NONE, None, Prefill.NONE),
    ],
)
def test_what_a_model_says_of_prefill_holds_over_its_provider(
    of_provider: Prefill, of_model: Prefill | None, found: Prefill
) -> None:
    known = link(target(), model=Model("m", prefill=of_model))
    assert replace(known, provider=replace(known.provider, prefill=of_provider)).prefill is found
