"""Every rule has a case, or a test elsewhere, or is pending and really not built."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from sidecar.config.built import unbuilt
from sidecar.core.errors import CallError
from sidecar.core.reasons import Reason
from sidecar.core.trace import Trace
from sidecar.pb import chat_pb2
from sidecar.server.incoming import request_of

from .rules import pending, rules
from .suite import cases

ROOT = Path(__file__).parents[2]
COVERED = {rule for case in cases() for rule in case.rules}
QUESTION: dict[str, Any] = {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "hi"}]}]}


def test_no_two_cases_have_one_name() -> None:
    names = [case.case.lower() for case in cases()]
    assert sorted(names) == sorted(set(names))


def test_every_rule_has_a_case_or_a_test_elsewhere_or_is_pending() -> None:
    elsewhere = {name for name, rule in rules().items() if "elsewhere" in rule}
    assert rules().keys() - COVERED - elsewhere - pending().keys() == set()


def test_what_cases_and_pending_rules_name_is_a_rule() -> None:
    assert (COVERED | pending().keys()) - rules().keys() == set()


def test_no_pending_rule_has_a_case() -> None:
    assert pending().keys() & COVERED == set()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_a_rule(reason: Reason) -> None:
    assert f"§4 {reason}" in rules()


@pytest.mark.parametrize("name", [name for name, rule in rules().items() if "elsewhere" in rule])
def test_the_test_elsewhere_exists(name: str) -> None:
    path, test = rules()[name]["elsewhere"].split("::")
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    assert test in {function.name for function in functions}


@pytest.mark.parametrize("name", pending())
def test_a_pending_rule_is_not_built(name: str) -> None:
    rule = pending()[name]
    assert rule["why"]
    if "configuration" in rule:
        assert list(unbuilt(rule["configuration"]))
    else:
        message = json_format.ParseDict(QUESTION | rule["request"], chat_pb2.ChatRequest())
        with pytest.raises(CallError) as refused:
            request_of(message, "r", Trace("0" * 32, "0" * 16))
        assert refused.value.reason is Reason.NOT_BUILT
