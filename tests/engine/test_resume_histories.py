"""Random upstreams that break, refuse, fall silent and begin again: what a caller has at the end is one whole answer, or what
came of it with one honest error; and nothing is left behind."""

from __future__ import annotations

import asyncio

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.catalog import Prefill
from sidecar.core.events import Completed, Resumed, Started
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.transport.double import Cut, Play, Step, Wait
from sidecar.transport.http import Post

from .hedged import heard_beside_others, nothing_is_held
from .resuming import Breaking, plain, whole
from .rig import DONE, Heard, ask, chunk, error, steps, text
from .virtual import run

ANSWER = (
    "Water waves scatter the short light of the sun, and so the sea is blue; at dusk, though, it turns to red & gold!"
)
"""It says nothing twice that a seam could take for a repetition."""
OWNERS = (plain("a", Prefill.PLAIN), plain("b"), plain("c", Prefill.PREFIX))
BEHAVIOURS = ("whole", "cut", "cut", "silent", "refuses", "fails", "again", "differs", "mute")
Behaviour = tuple[str, int, int]


def behaviours() -> st.SearchStrategy[list[Behaviour]]:
    """What an upstream does at each request, how far it comes, and in pieces of which size; the last repeats."""
    one = st.tuples(st.sampled_from(BEHAVIOURS), st.integers(1, len(ANSWER) - 1), st.integers(1, 30))
    return st.lists(one, min_size=1, max_size=5)


def begun(post: Post) -> str:
    """What the request shows of the answer."""
    turns = orjson.loads(post.body)["messages"]
    return "".join(turn["content"] for turn in turns if turn["role"] == "assistant")


def played(behaviour: Behaviour, sent: str) -> Play:
    """The upstream is asked to go on with `sent`, or for the answer."""
    name, length, size = behaviour
    rest = ANSWER[len(sent) :]
    if name == "again":
        rest = ANSWER
    elif name == "differs" and sent:
        rest = ANSWER[: max(1, min(len(sent) - 1, 60))] + "#and something else altogether"
    elif name in ("cut", "silent"):
        rest = rest[:length]
    pieces: list[Step] = list(text(*(rest[at : at + size] for at in range(0, len(rest), size))))
    match name:
        case "refuses":
            return error(400, "Invalid request.")
        case "fails":
            return error(503)
        case "mute":
            return Play((Wait(1000),))
        case "cut":
            return steps(*pieces, Wait(0.5), Cut())
        case "silent":
            return steps(*pieces, Wait(1000))
        case _:
            return steps(*pieces, chunk({}, "stop"), DONE)


class Improvised(Breaking):
    """Each upstream answers by what it is asked."""

    script: dict[str, list[Behaviour]]

    def _play(self, post: Post) -> Play:
        ahead = self.script[post.url.split("//")[1].split(".")[0]]
        return played(ahead.pop(0) if len(ahead) > 1 else ahead[0], begun(post))


def rig_of(script: dict[str, list[Behaviour]]) -> Improvised:
    rig = Improvised({}, OWNERS, ("b/m", "c/m"))
    rig.script = {name: list(ahead) for name, ahead in script.items()}
    return rig


async def calls(rig: Improvised, policy: Policy, count: int) -> list[Heard]:
    heard = []
    for _ in range(count):
        heard.append(await heard_beside_others(rig, ask(policy=policy)))
        await asyncio.sleep(20.0)
    await asyncio.sleep(90.0)
    assert nothing_is_held(rig)
    return heard


def check(heard: Heard) -> None:
    """The promise: the complete answer, or what came of it and one error; never a hole, never a word twice."""
    report = heard.error.report if heard.error is not None else heard.completed.report
    assert report is not None
    assert len(report.attempts) <= 8
    said = whole(heard)
    if heard.error is None:
        assert said == ANSWER
        assert isinstance(heard.events[-1], Completed)
        assert sum(isinstance(event, Completed) for event in heard.events) == 1
    else:
        assert ANSWER.startswith(said)
    assert sum(isinstance(event, Started) for event in heard.events) == bool(heard.text)
    resumed = [event for event in heard.events if isinstance(event, Resumed)]
    assert all(event.part_index == 0 and 0 < event.offset <= len(ANSWER) for event in resumed)
    assert [attempt.index for attempt in report.attempts] == list(range(1, len(report.attempts) + 1))


RULES = [OnStreamBreak.RESUME, OnStreamBreak.RESTART, OnStreamBreak.RESUME_OR_RESTART, OnStreamBreak.BUFFER]


@settings(max_examples=80, deadline=None)
@given(*(behaviours() for _ in range(3)), st.sampled_from(RULES))
def test_a_caller_has_the_whole_answer_or_what_came_of_it_and_one_error(
    a: list[Behaviour], b: list[Behaviour], c: list[Behaviour], rule: OnStreamBreak
) -> None:
    policy = Policy(on_stream_break=rule)
    for heard in run(calls(rig_of({"a": a, "b": b, "c": c}), policy, 2)):
        check(heard)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, len(ANSWER) - 1), st.integers(1, 40), st.sampled_from(["whole", "again"]), st.booleans())
def test_wherever_it_breaks_the_text_is_the_same(at: int, size: int, other: str, by_prefill: bool) -> None:
    """The sent text is long enough to be known again, or goes on."""
    if other == "again" and at < 24:
        at += 24
    script = {"a": [("cut", at, size)], "b": [(other, 1, size)], "c": [(other, 1, size)]}
    rig = rig_of(script)
    if by_prefill:
        rig.script["b"] = [("fails", 1, 1)]
    (heard,) = run(calls(rig, Policy(), 1))
    assert heard.error is None
    assert whole(heard) == ANSWER
    assert rig.who[-1] == ("c" if by_prefill else "b")
