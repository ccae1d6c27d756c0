"""A case that expects something else than what is seen fails, and says where."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from .case import Case
from .judging import differences
from .suite import cases, filled, marked


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ("none", None),
        ("none", []),
        ("any", 7),
        (["a b"], [{"was": "a b", "gap_s": 3.0}]),
        ([{"was": "a", "gap_s": [1, 4]}], [{"was": "a", "gap_s": 3.0}]),
        ([{"was": "a", "body": {"x": 1}}], [{"was": "a", "body": {"x": 1, "y": 2}}]),
        ([{"was": "a", "body": {"x": {"has": "b c"}}}], [{"was": "a", "body": {"x": "a b c d"}}]),
    ],
)
def test_what_is_as_expected_differs_nowhere(expected: Any, seen: Any) -> None:
    assert differences(expected, seen, "here") == []


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ("none", ["a"]),
        ("none", False),
        (["a"], []),
        (["a"], [{"was": "b"}]),
        (["a", "b"], [{"was": "b"}, {"was": "a"}]),
        ([{"was": "a", "gap_s": [1, 4]}], [{"was": "a", "gap_s": 4.5}]),
        ([{"was": "a", "gap_s": [1, 4]}], [{"was": "a", "gap_s": None}]),
        ({"one": {"state": "open"}}, {}),
        ({"one": {"state": "open"}}, {"one": {"state": "open"}, "two": {"state": "open"}}),
        ([{"was": "a", "body": {"x": "none"}}], [{"was": "a", "body": {"x": 1}}]),
        ([{"was": "a", "body": {"x": {"has": "b c"}}}], [{"was": "a", "body": {"x": "a b"}}]),
        ([{"was": "a", "body": {"x": {"has": "b c"}}}], [{"was": "a", "body": {}}]),
    ],
)
def test_what_differs_is_told_with_its_place(expected: Any, seen: Any) -> None:
    found = differences(expected, seen, "here")
    assert found
    assert all(line.startswith("here") for line in found)


@pytest.mark.parametrize("part", ["upstream", "health", "script", "aliases", "process", "rules"])
def test_a_case_that_leaves_out_a_part_is_refused(part: str) -> None:
    whole = cases()[0].model_dump()
    assert Case.model_validate(whole) == cases()[0]
    del whole[part]
    with pytest.raises(ValidationError):
        Case.model_validate(whole)


@pytest.mark.parametrize("part", ["answer", "ending", "report"])
def test_a_call_that_leaves_out_a_part_is_refused(part: str) -> None:
    whole = cases()[0].model_dump()
    del whole["calls"][0][part]
    with pytest.raises(ValidationError):
        Case.model_validate(whole)


def test_holes_take_a_value_of_any_kind_and_marks_are_set_in_names_too() -> None:
    assert filled({"a": "${x}", "b": "is ${x}"}, {"x": 5}) == {"a": 5, "b": "is 5"}
    assert marked({"one~": ["two~/m", 3]}, ".c") == {"one.c": ["two.c/m", 3]}
