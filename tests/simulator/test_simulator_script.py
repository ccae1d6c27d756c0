"""Scripts: what they say is what happens, and what is wrong in them is told."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.simulator import ScriptError, answer_text, fingerprint, parse_script
from sidecar.simulator.action import Action
from sidecar.simulator.fault import NAMES, action_of
from sidecar.simulator.script import Asked, Playbook

PROBLEMS = {
    "rules: [{action: {cut_at: -1}}]": "rules[0].action.cut_at: must be a whole number from 0 to 1000000",
    "rules: [{action: {cut_at: true}}]": "rules[0].action.cut_at: must be a whole number from 0 to 1000000",
    "rules: [{action: {cut_after: 1}}]": "rules[0].action.cut_after: is unknown; did you mean cut_at?",
    "rules: [{action: cut-at-x}]": "rules[0].action: cut-at-x is no known behaviour",
    "rules: [{match: {model: x}}]": "rules[0].action: is missing",
    "rules: [{action: ok, times: 0}]": "rules[0].times: must be a whole number from 1 to 1000000",
    "rules: [{action: ok, times: 1, nth: 1}]": "rules[0]: nth and times exclude each other",
    "rules: [{action: ok, after_s: 2, until_s: 2}]": "rules[0].until_s: must be greater than after_s",
    "rules: [{action: ok, match: {model: 3}}]": "rules[0].match.model: must be a string that is not empty",
    "rules: [{action: ok, match: {listener: x}}]": "rules[0].match.listener: no listener is called x",
    "rules: [{action: {reset: true, silence: true}}]": "rules[0].action: reset and silence exclude each other",
    "rules: [{action: {body: x}}]": "rules[0].action: body needs status",
    "rules: [{action: {retry_after: 1}}]": "rules[0].action: retry_after needs status or error",
    "rules: [{action: {stall_s: 1}}]": "rules[0].action: stall_s needs stall_at",
    "rules: [{action: {status: 503, headers: {a: [1]}}}]": "rules[0].action.headers: must be a mapping of header",
    'rules: [{action: {status: 503, headers: {a: "x\\r\\ny"}}}]': "rules[0].action.headers: must be a mapping of",
    "rules: [{action: {status: 99}}]": "rules[0].action.status: must be a whole number from 200 to 599",
    "rules: [{action: {finish: done}}]": "rules[0].action.finish: must be one of stop, length, ",
    "rules: [{action: {tool_calls: [{nam: x}]}}]": "rules[0].action.tool_calls: must be a list of {name, arguments}",
    "rules: [{action: {usage: {tokens: 1}}}]": "rules[0].action.usage: must be a mapping of prompt_tokens",
    "rules: [{action: {first_token_s: .nan}}]": "rules[0].action.first_token_s: must be a number from 0 to 86400",
    "rules: [{match: {zzz: 1}, action: ok}]": "rules[0].match.zzz: is unknown; known are model, key, stream, ",
    "rules: [{action: {status: 503, body: {a: !!set {b}}}}]": "rules[0].action.body: must be a string or a mapping of",
    "rules: {}": "rules: must be a list",
    "rules: [1]": "rules[0]: must be a mapping",
    "listeners: {x: closed}": "listeners.x: must be one of open, refused, hangs",
    "listeners: {http: open}": "listeners.http: must have a name that is a string other than http",
    "defaults: {word: 3}": "defaults.word: is unknown; did you mean words?",
    "rate_limit: {rpm: 0}": "rate_limit.rpm: must be a whole number from 1 to 1000000",
    "models: gpt": "models: must be a list of model names",
    "journal_bodies: 1": "journal_bodies: must be true or false",
    "ruels: []": "ruels: is unknown; did you mean rules?",
    "[]": "script: must be a mapping",
    "[" * 5000: "nested too deep",
    "{[1]: 2}": "line 1: found unhashable key",
    "rules: [": "line 1: ",
    "models: [a]\nmodels: [b]": "line 2: models is given twice",
}


@pytest.mark.parametrize("script", PROBLEMS)
def test_a_problem_is_told_with_its_path(script):
    with pytest.raises(ScriptError) as caught:
        parse_script(script)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(PROBLEMS[script])


def test_all_problems_are_told_at_once():
    with pytest.raises(ScriptError) as caught:
        parse_script("models: 1\nrules: [{action: {cut_at: x}}, {times: -1}]\nlisteners: {x: y}")
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("text", ["", "# nothing", "{}", "rules: []"])
def test_an_empty_script_is_the_default_one(text):
    assert parse_script(text).rules == ()


def test_rules_are_asked_in_order_and_used_up():
    book = Playbook(
        parse_script("rules: [{times: 2, action: status-503}, {nth: 2, action: reset}, {times: 1, action: html}]")
    )
    taken = [book.decide(_asked(), 0.0).applied for _ in range(6)]
    assert taken == ["status=503", "status=503", "html", "reset", "ok", "ok"]


def test_rules_match_model_key_stream_and_prompt():
    text = """
        rules:
        - {match: {model: "gpt-*"}, action: words-1}
        - {match: {key: sk-a}, action: words-2}
        - {match: {stream: true}, action: words-3}
        - {match: {prompt: weather}, action: words-4}
    """
    book = Playbook(parse_script(text))
    cases = [
        {"model": "gpt-4"},
        {"key": fingerprint("sk-a")},
        {"stream": True},
        {"prompt": "the weather in Bonn"},
        {},
    ]
    assert [book.decide(_asked(**case), 0.0).action.words for case in cases] == [1, 2, 3, 4, None]


def test_a_fingerprint_matches_as_the_key_does():
    book = Playbook(parse_script(f"rules: [{{match: {{key: '{fingerprint('sk-a')}'}}, action: reset}}]"))
    assert book.decide(_asked(key=fingerprint("sk-a")), 0.0).action.reset


def test_a_window_of_time_bounds_a_rule():
    book = Playbook(parse_script("rules: [{after_s: 1, until_s: 2, action: status-503}]"))
    assert [book.decide(_asked(), at).applied for at in (0.5, 1.0, 1.9, 2.0)] == [
        "ok",
        "status=503",
        "status=503",
        "ok",
    ]


def test_a_rate_limit_counts_per_key_and_says_when_to_come_back():
    book = Playbook(parse_script("rate_limit: {rpm: 2}"))
    taken = [book.decide(_asked(key=key), at) for key, at in (("a", 0), ("a", 10), ("a", 20), ("b", 20), ("a", 61))]
    assert [decision.action.status for decision in taken] == [None, None, 429, None, None]
    assert (taken[2].rule, taken[2].action.retry_after) == ("rate_limit", "40")


def test_other_keys_than_the_scripts_are_refused():
    book = Playbook(parse_script("keys: [sk-a]"))
    assert book.decide(_asked(key=fingerprint("sk-a")), 0.0).action == Action()
    assert book.decide(_asked(key=fingerprint("sk-b")), 0.0).action.status == 401
    assert book.decide(_asked(key=None), 0.0).rule == "keys"


def test_every_model_name_of_the_table_reads_as_its_own_action():
    actions = []
    for name in NAMES:
        model = name.pattern.replace("<n>", "3").replace("<code>", "503").replace("<s>", "0.5")
        action = action_of(model.replace("<parameter>", "seed").replace("<word>", "other"))
        assert (action == Action()) == (name.pattern == "ok")
        actions.append(action)
    assert all(actions.count(action) == 1 for action in actions)


@pytest.mark.parametrize("model", ["status-600", "status-199", "cut-at-", "cut-at-9999999", "stauts-503", "", "+"])
def test_a_name_that_is_not_in_the_table_is_an_ordinary_model(model):
    assert action_of(model) == Action()


def test_of_names_that_exclude_each_other_the_first_counts():
    assert action_of("reset+silence") == Action(reset=True)


async def test_a_first_key_out_of_quota_lets_the_second_answer(start):
    caller = await start("rules: [{match: {key: sk-main}, action: quota}]")
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]}
    assert [(await caller.post(body, key=key)).status for key in ("sk-main", "sk-spare")] == [429, 200]


async def test_a_script_is_replaced_while_it_runs(start):
    caller = await start("rules: [{action: status-500}]\nlisteners: {dead: refused}")
    assert (await caller.ask("ok")).status == 500
    assert await _put(caller, "defaults: {burst: true}\nrules: [{after_s: 0, until_s: 5, action: status-503}]") == (
        200,
        [],
    )
    assert (await caller.ask("ok")).status == 503
    status, problems = await _put(caller, "rules: [{action: {cut_at: x}}]")
    assert (status, problems) == (400, ["rules[0].action.cut_at: must be a whole number from 0 to 1000000"])
    assert (await caller.ask("ok")).status == 503
    assert (await _put(caller, "listeners: {new: open}"))[0] == 400


async def test_a_running_stream_ends_as_it_began_when_the_script_changes(start):
    caller = await start("rules: [{action: words-20+tps-20}]")
    running = asyncio.create_task(caller.stream("x"))
    await caller.last_entry(lambda entry: entry.tokens_sent > 0)
    await _put(caller, "rules: [{action: reset}]")
    assert (await running).text == answer_text("hi", 20)


async def _put(caller, script: str) -> tuple[int, list[str]]:
    url = caller.simulator.base_url.removesuffix("v1") + "__script"
    async with caller.session.put(url, data=script.encode()) as response:
        return response.status, (await response.json())["problems"]


def _asked(*, model: str = "m", key: str | None = None, stream: bool = False, prompt: str = "") -> Asked:
    return Asked(model=model, key=key, stream=stream, listener="http", prompt=prompt)
