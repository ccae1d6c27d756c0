"""docs/simulator.md says what the simulator does, all of it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import orjson

from sidecar.simulator import Entry, parse_script
from sidecar.simulator.action import FIELDS, Action
from sidecar.simulator.fault import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_every_model_name_is_in_the_table_with_its_meaning():
    for name in NAMES:
        assert f"| `{name.pattern}` | {name.meaning} |" in PAGE


def test_every_field_of_an_action_and_of_the_journal_is_explained():
    assert set(FIELDS) == {field.name for field in fields(Action)}
    tables = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    for name in (*FIELDS, *(field.name for field in fields(Entry))):
        assert f"`{name}`" in tables


async def test_the_example_script_is_valid_and_runs(start):
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(parse_script(example).rules) == 5
    caller = await start(example, is_fast=False)
    body = {"model": "gpt-x", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    seen = [
        await caller.post(body, key=key) for key in ("sk-main", "sk-main", "sk-spare", "sk-spare", "sk-spare", "no")
    ]
    assert [one.status for one in seen] == [429, 429, 200, 200, 200, 401]
    assert seen[0].headers["Retry-After"] == "1"
    assert [one.is_done for one in seen[2:5]] == [True, True, False]
    weather = {**body, "messages": [{"role": "user", "content": "the weather?"}], "stream": False}
    [call] = (await caller.post(weather)).json["choices"][0]["message"]["tool_calls"]
    assert orjson.loads(call["function"]["arguments"]) == {"city": "Bonn"}
