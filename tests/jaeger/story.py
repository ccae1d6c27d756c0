"""The stories whose traces are judged: the demo's, and one of a request that is repaired."""

from __future__ import annotations

from collections.abc import Sequence

from remora_client.demo.scenery import NORTH_SAYS, Endpoint, Fault
from remora_client.demo.stage import QUESTION, Stage
from remora_client.demo.stories import STORIES as OF_THE_DEMO
from remora_client.demo.story import Story, story
from remora_client.demo.verdict import Check, Evidence, asked_in_order, whole


def _chat_with_temperature(stage: Stage) -> None:
    stage.chat(temperature=0.5)


def judge_repair(evidence: Evidence) -> Sequence[Check]:
    """Refused for the parameter, and asked once more without it."""
    (heard,) = evidence.heard
    return (
        whole(heard, NORTH_SAYS, "north main"),
        asked_in_order(evidence.asked, [("north main", 400), ("north main", 200)]),
    )


REPAIR = story(
    "repair",
    "A model refuses a parameter: it is asked once more without it",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"refuses": ["temperature"]}),))],
    _chat_with_temperature,
    judge_repair,
)

STORIES: tuple[Story, ...] = (*OF_THE_DEMO, REPAIR)


def secrets_of(stories: Sequence[Story]) -> list[str]:
    """What no trace may contain: every key, what all of them begin with, the prompt, and how the answers begin."""
    every = [(one.scenery, endpoint) for one in stories for endpoint in one.scenery.endpoints]
    keys = [scenery.key(endpoint, name) for scenery, endpoint in every for name in endpoint.keys]
    answers = {" ".join(endpoint.says.split()[:3]) for _, endpoint in every}
    return [*keys, "sk-demo-", QUESTION, *sorted(answers)]
