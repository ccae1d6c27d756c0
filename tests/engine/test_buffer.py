"""The policy BUFFER: the beginning of an answer is held back, and a break before it goes out is invisible, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.events import Completed, Delta, Finish, PartCompleted, Restarted, Resumed, Started
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Step, Wait

from .hedged import attempts, nothing_is_held
from .resuming import CLAUDE, A, B, Breaking, calling, chain, claude_cut, cut, restarts, seams, told, whole
from .rig import DONE, Heard, ask, chunk, good, hear, steps, text
from .virtual import run

BUFFER = Policy(on_stream_break=OnStreamBreak.BUFFER)
TOKENS = replace(BUFFER, buffer_tokens=10)
SECONDS = replace(BUFFER, buffer_s=2.0)
WORD = "fifteen letters"


def ticking(count: int, every_s: float, *end: Step) -> Play:
    """So many words of four characters, one each so many seconds."""
    words: tuple[Step, ...] = (text("word")[0], Wait(every_s)) * count
    return steps(*words, *(end or (chunk({}, "stop"), DONE)))


def cut_later(*pieces: str) -> Play:
    """An answer that breaks off a moment after these."""
    return steps(*text(*pieces), Wait(0.1), Cut())


def instants(rig: Breaking, policy: Policy) -> list[tuple[float, str]]:
    """When which text reached the caller, in seconds since the loop began."""

    async def listen() -> list[tuple[float, str]]:
        loop, out = asyncio.get_running_loop(), list[tuple[float, str]]()
        async with rig.engine.call(ask(policy=policy), None, buffered=False) as call:
            async for batch in call:
                out += [(round(loop.time() - 1000.0, 1), e.text) for e in batch if isinstance(e, Delta)]
        return out

    return run(listen())


def test_nothing_goes_out_before_so_many_tokens_are_there_and_then_everything_as_it_comes() -> None:
    heard = instants(chain((A, ticking(12, 1.0))), TOKENS)
    assert heard == [(9.0, "word" * 10), (10.0, "word"), (11.0, "word")]


def test_nothing_goes_out_before_so_much_time_has_passed_since_the_first_content() -> None:
    heard = instants(chain((A, steps(Wait(3), *ticking(8, 0.6).steps))), SECONDS)
    assert heard[:2] == [(5.0, "word" * 4), (5.4, "word")]


def test_time_passes_also_where_nothing_more_comes() -> None:
    heard = instants(chain((A, steps(*text("word"), Wait(9), *text("more"), chunk({}, "stop"), DONE))), SECONDS)
    assert heard == [(2.0, "word"), (9.0, "more")]


def test_whichever_of_both_comes_first_lets_it_go() -> None:
    both = replace(BUFFER, buffer_tokens=3, buffer_s=2.0)
    assert instants(chain((A, ticking(6, 0.5))), both)[0] == (1.0, "word" * 3)
    assert instants(chain((A, ticking(6, 1.5))), both)[0] == (2.0, "word" * 2)


def test_unless_it_is_said_it_is_sixty_four_tokens_or_a_second_and_a_half() -> None:
    assert instants(chain((A, ticking(4, 1.0))), BUFFER)[0] == (1.5, "word" * 2)
    assert instants(chain((A, ticking(80, 0.01))), BUFFER)[0] == (0.6, "word" * 64)


def test_an_answer_that_is_shorter_than_the_buffer_goes_out_when_it_is_whole() -> None:
    heard = told(chain((A, ticking(3, 0.1))), ask(policy=BUFFER))
    assert [type(event) for event in heard.events] == [Started, Delta, PartCompleted, Completed]
    assert whole(heard) == "word" * 3
    assert instants(chain((A, ticking(3, 0.1))), BUFFER) == [(0.3, "word" * 3)]


@pytest.mark.parametrize("first", [(A, cut(WORD)), (CLAUDE, claude_cut(WORD))], ids=["openai", "anthropic"])
def test_a_break_before_it_went_out_is_invisible(first: tuple[object, Play]) -> None:
    rig = chain(first, (B, good("Hello")))  # type: ignore[arg-type]
    heard = told(rig, ask(policy=BUFFER))
    assert [type(event) for event in heard.events] == [Started, Delta, PartCompleted, Completed]
    assert whole(heard) == heard.text == "Hello"
    assert heard.kinds == ["first", "failover"]
    assert heard.reasons == ["STREAM_BROKEN", ""]
    assert nothing_is_held(rig)


def test_what_came_together_with_the_break_was_not_out_either() -> None:
    heard = told(chain((A, cut(*[WORD] * 4)), (B, good("Hello"))), ask(policy=TOKENS))
    assert (whole(heard), heard.text, seams(heard)) == ("Hello", "Hello", [])


def test_each_attempt_is_held_back_anew() -> None:
    rig = chain((A, ticking(3, 0.6, Cut())), (B, ticking(8, 0.6)))
    assert instants(rig, SECONDS)[0] == (3.8, "word" * 4)


def test_a_bad_end_of_a_tool_call_before_it_went_out_is_invisible_too() -> None:
    rig = chain((A, steps(calling('{"at": '), Cut())), (B, good("Hello")))
    assert whole(told(rig, ask(policy=BUFFER))) == "Hello"


AFTER: dict[OnStreamBreak | None, type] = {
    None: Resumed,
    OnStreamBreak.RESUME: Resumed,
    OnStreamBreak.RESUME_OR_RESTART: Resumed,
    OnStreamBreak.RESTART: Restarted,
}


@pytest.mark.parametrize("then", AFTER)
def test_a_break_after_it_went_out_is_what_buffer_then_says(then: OnStreamBreak | None) -> None:
    rig = chain((A, cut_later(*[WORD] * 4)), (B, good(" go on")))
    heard = told(rig, ask(policy=replace(TOKENS, buffer_then=then)))
    kinds = [type(event) for event in heard.events if isinstance(event, (Resumed, Restarted))]
    assert kinds == [AFTER[then]]
    assert whole(heard) == (" go on" if then is OnStreamBreak.RESTART else WORD * 4 + " go on")


def test_a_break_after_it_went_out_is_an_error_where_buffer_then_is_fail() -> None:
    rig = chain((A, cut_later(*[WORD] * 4)), (B, good(" go on")))
    heard = told(rig, ask(policy=replace(TOKENS, buffer_then=OnStreamBreak.FAIL)))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == WORD * 4
    assert rig.who == ["a"]


def test_the_piece_behind_the_seam_is_not_held_back_again() -> None:
    rig = chain((A, cut_later(*[WORD] * 4)), (B, ticking(6, 1.0)))
    assert [at for at, _ in instants(rig, TOKENS)][:3] == [0.0, 0.1, 1.1]
    rig = chain((A, cut_later(*[WORD] * 4)), (B, ticking(6, 1.0)))
    again = instants(rig, replace(TOKENS, buffer_then=OnStreamBreak.RESTART))
    assert [at for at, _ in again][:3] == [0.0, 0.1, 1.1]


def test_with_one_target_a_break_before_it_went_out_begins_again_silently() -> None:
    rig = chain((A, [cut(WORD), good("Hello")]))
    heard = told(rig, ask(policy=BUFFER))
    assert whole(heard) == heard.text == "Hello"
    assert (seams(heard), restarts(heard)) == ([], [])


def test_where_everything_breaks_before_it_went_out_the_caller_hears_only_the_error() -> None:
    heard = told(chain((A, cut(WORD)), (B, cut(WORD))), ask(policy=replace(BUFFER, max_attempts=2)))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.events == []
    assert attempts(heard) == [("a/m", "first", "STREAM_BROKEN"), ("b/m", "failover", "STREAM_BROKEN")]


def test_a_complete_is_held_back_whole_and_no_clock_lets_it_go() -> None:
    rig = chain((A, ticking(30, 1.0, Cut())), (B, good("Hello")))
    heard = told(rig, ask(policy=TOKENS), buffered=True)
    assert [type(event) for event in heard.events] == [Completed]


def test_who_leaves_while_it_is_held_back_leaves_nothing_behind() -> None:
    rig = chain((A, steps(*text("word"), Wait(500))))

    async def leave() -> None:
        task = asyncio.create_task(listen())
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert nothing_is_held(rig)

    async def listen() -> Heard:
        return await hear(rig, ask(policy=BUFFER))

    run(leave())
    assert rig.transport.sent[0].aborted_at == 1001.0


def test_the_end_of_a_short_answer_is_what_its_provider_says() -> None:
    heard = told(chain((A, steps(*text("word"), chunk({}, "length"), DONE))), ask(policy=BUFFER))
    assert heard.completed.finish is Finish.LENGTH
