"""Breaks inside what is not plain text: tool calls, reasoning, JSON; and what an answer is said to have used."""

from __future__ import annotations

import json
from typing import Any

from remora_client._pb import content_pb2

from .caller import PROMPT, Heard
from .judge import DETECTED_S, Run, Scenario
from .stage import Entry

TOOL = content_pb2.Tool(
    name="get_weather",
    description="Tells the weather of a city.",
    parameters_json=json.dumps({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
)
ARGUMENTS = {"city": "Bonn by the Rhine", "days": [1, 2, 3, 4, 5, 6, 7], "units": "metric", "language": "English"}
CALLS: list[dict[str, Any]] = [{"name": "get_weather", "arguments": ARGUMENTS}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("harbor", "town", "river", "bridge", "tower")},
    "required": ["harbor", "town", "river", "bridge", "tower"],
    "additionalProperties": False,
}
JSON = json.dumps({name: f"{name} and {place} boats" for place, name in enumerate(SCHEMA["required"])})
TOOL_CALLS = 3
"""The contract's number of the finish reason."""


def _rule(name: str, **action: Any) -> dict[str, Any]:
    return {"match": {"model": f"*+{name}"}, "action": action}


def _calls_heard(heard: Heard) -> list[Any]:
    """The arguments of the calls that the caller is left with."""
    found = []
    for _, text in sorted(heard.parts("tool_call_delta").items()):
        try:
            found.append(json.loads(text))
        except ValueError:
            found.append(f"not JSON: {text}")
    return found


def _called(run: Run, heard: Heard, wanted: list[Any], *, inferred: bool) -> None:
    run.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}: {heard.details}")
    run.holds("the calls are whole", _calls_heard(heard) == wanted, _calls_heard(heard))
    parts = heard.completed.message.parts if heard.completed else []
    said = [json.loads(part.tool_call.arguments_json) for part in parts if part.HasField("tool_call")]
    run.holds("the message at the end has the same", said == wanted, said)
    finish = heard.completed.finish_reason if heard.completed else None
    run.holds("finished by TOOL_CALLS", finish == TOOL_CALLS, finish)
    is_inferred = bool(heard.completed and heard.completed.end_inferred)
    run.holds(f"`end_inferred` is {str(inferred).lower()}", is_inferred == inferred, is_inferred)


def inside_call(run: Run) -> None:
    """No model completes another's half call; it is asked anew."""
    script = {"rules": [_rule("a", tool_calls=CALLS, cut_at=3), _rule("b", tool_calls=CALLS, burst=True)]}
    run.open(Entry("a", "ok"), Entry("b", "ok"), script=script)
    heard = run.ask(tools=[TOOL])
    _called(run, heard, [ARGUMENTS], inferred=False)
    run.holds("the half call is said to be void", "part_discarded" in heard.kinds(), heard.kinds())
    run.asked("a", 1)
    run.asked("b", 1)
    run.recovery("a", heard)


def _two_calls(run: Run, protocol: str) -> Heard:
    first = {"name": "get_weather", "arguments": {"city": "Bonn"}}
    rules = [_rule("a", tool_calls=[first, *CALLS], cut_at=6), _rule("b", tool_calls=CALLS, burst=True)]
    run.open(Entry("a", "ok", protocol=protocol), Entry("b", "ok"), script={"rules": rules})
    return run.ask(tools=[TOOL])


def _behind_call(run: Run, protocol: str) -> None:
    heard = _two_calls(run, protocol)
    _called(run, heard, [{"city": "Bonn"}], inferred=True)
    run.holds("the half call is said to be void", "part_discarded" in heard.kinds(), heard.kinds())
    run.asked("a", 1)
    run.asked("b", 0)
    run.figure("fault to end", heard.ended_at - run.fault_at("a"), DETECTED_S)


def behind_call(run: Run) -> None:
    """Behind a finished call nothing is asked again."""
    _behind_call(run, "openai")


def behind_call_other_protocol(run: Run) -> None:
    """The same where a provider says of each call that it is finished."""
    _behind_call(run, "anthropic")


def after_call(run: Run) -> None:
    """The answer ends as tool calls, and says that it was inferred."""
    script = {"rules": [_rule("a", tool_calls=CALLS, cut_at=10_000)]}
    run.open(Entry("a", "ok", protocol="anthropic"), Entry("b", "words-60+burst"), script=script)
    heard = run.ask(tools=[TOOL])
    _called(run, heard, [ARGUMENTS], inferred=True)
    run.asked("a", 1)
    run.asked("b", 0)
    run.figure("fault to end", heard.ended_at - run.fault_at("a"), DETECTED_S)


def inside_reasoning(run: Run) -> None:
    """Half a thought is void; the next thinks anew."""
    run.open(Entry("a", "words-60+tps-200+think+cut-at-4"), Entry("b", "words-60+burst+think"))
    heard = run.ask()
    run.whole_with_reasoning(heard)
    run.holds("the half reasoning is said to be void", "part_discarded" in heard.kinds(), heard.kinds())
    run.asked("a", 1)
    run.asked("b", 1)
    run.recovery("a", heard)


def _schema_fields() -> dict[str, Any]:
    kind = content_pb2.ResponseFormat.KIND_JSON_SCHEMA
    return {"response_format": content_pb2.ResponseFormat(kind=kind, schema_json=json.dumps(SCHEMA))}


def _json_rules(run: Run) -> list[dict[str, Any]]:
    paced = {"text": JSON, "tokens_per_s": 200, "cut_at": 6}
    return [
        _rule("a", **paced),
        _rule("b", text=JSON, burst=True, continuation_seed=run.number),
        _rule("c", text=JSON, burst=True),
    ]


def inside_json(run: Run) -> None:
    """By prefill the JSON is whole."""
    others = Entry("b", f"seed-{run.number}", prefill="plain"), Entry("c", "ok", prefill="plain")
    run.open(Entry("a", "cut-at-6"), *others, script={"rules": _json_rules(run)})
    heard = run.ask(**_schema_fields())
    run.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}: {heard.details}")
    run.holds("text exact", heard.text == JSON, heard.text)
    run.asked("a", 1)
    run.recovery("a", heard)


def inside_json_no_prefill(run: Run) -> None:
    """Rather the honest error than JSON of two models."""
    run.open(Entry("a", "cut-at-6"), Entry("b", "ok"), script={"rules": _json_rules(run)})
    heard = run.ask(**_schema_fields())
    run.holds("the honest error", heard.reason == "STREAM_BROKEN", f"{heard.code} {heard.reason}")
    run.holds("the caller has a beginning of it", JSON.startswith(heard.text) and heard.text != JSON, heard.text)
    run.figure("fault to error", heard.ended_at - run.fault_at("a"))


def usage_after_failover(run: Run) -> None:
    """`usage` is of the answer, `total_usage` of all attempts."""
    run.open(Entry("a", "words-60+tps-200+cut-at-40"), Entry("b", "words-60+burst"))
    heard = run.ask()
    run.whole(heard)
    alone = run.stage.whole_answer(PROMPT, "words-60")["usage"]
    if not heard.completed:
        return
    used, total = heard.completed.usage, heard.completed.total_usage
    run.holds("input counted once", used.input_tokens > 0 and used.input_tokens <= 2 * alone["prompt_tokens"], used)
    run.holds("said to be estimated", used.estimated and total.estimated, f"{used} {total}")
    run.holds("the total has both inputs", total.input_tokens > used.input_tokens, total)
    attempts = heard.completed.report.attempts
    run.holds(
        "the total is the attempts' sum", total.output_tokens == sum(a.usage.output_tokens for a in attempts), total
    )
    real = float(alone["completion_tokens"])
    run.figure("output said, of that delivered", used.output_tokens / real, None, "×")
    run.holds("output of the answer as delivered", 0.5 <= used.output_tokens / real <= 3.0, used.output_tokens)


def usage_before_content(run: Run) -> None:
    """A refusal costs nothing."""
    run.open(Entry("a", "status-429"), Entry("b", "words-60+burst"))
    heard = run.ask()
    run.whole(heard)
    alone = run.stage.whole_answer(PROMPT, "words-60")["usage"]
    for name in ("usage", "total_usage"):
        used = getattr(heard.completed, name) if heard.completed else None
        seen = (used.input_tokens, used.output_tokens, used.estimated) if used else None
        run.holds(
            f"`{name}` is the provider's", seen == (alone["prompt_tokens"], alone["completion_tokens"], False), seen
        )
    run.figure(
        "output said, of the provider's", heard.completed.usage.output_tokens / alone["completion_tokens"], 1.0, "×"
    )


SCENARIOS = (
    Scenario("cut inside a tool call", inside_call),
    Scenario("cut inside the second tool call", behind_call),
    Scenario("cut inside the second tool call, another protocol", behind_call_other_protocol),
    Scenario("cut after a finished tool call", after_call),
    Scenario("cut inside reasoning", inside_reasoning),
    Scenario("cut inside a JSON-schema answer", inside_json),
    Scenario("cut inside JSON, no prefill", inside_json_no_prefill),
    Scenario("accounting after a failover", usage_before_content),
    Scenario("accounting after a resume", usage_after_failover),
)
