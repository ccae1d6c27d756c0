"""Random answers, cut anywhere, continued in every way and in any pieces: the seam and the plain reference agree, and the
caller's text is the whole answer or none is passed on."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecar.core.seam import LEADING_SPACE, Seam, Verdict, Way
from sidecar.simulator import answer_text
from sidecar.simulator.continuation import continued, kind_by_seed

from .reference_seam import SPLICED, alike, seam

ways = st.sampled_from(Way)
chunk_ends = st.lists(st.integers(0, 200), max_size=30)
# Few letters, so that texts repeat themselves; and words, so that they do not.
scraps = st.text(alphabet="ab \n", max_size=40)
letters = st.builds(lambda part, times, end: part * times + end, scraps, st.integers(1, 4), scraps)
words = st.lists(
    st.sampled_from(("amber", "the ", " raven", "-", "2", "\n\n", "  ", "lilac.", "日本")), max_size=25
).map("".join)
texts = st.one_of(letters, words, st.text(max_size=60))
spaces = st.text(alphabet=" \n", max_size=3) | st.text(alphabet=" \n", max_size=40)


def pieces(text: str, ends: list[int]) -> list[str]:
    places = [0, *sorted(min(end, len(text)) for end in ends), len(text)]
    return [text[one:other] for one, other in pairwise(places)]


def joined(sent: str, way: Way, answer: list[str]) -> tuple[str, str]:
    joint, got, held = Seam(sent, way), "", 0
    space = max(len(sent) - len(sent.rstrip()), len(sent) - len(sent.lstrip()))
    for piece in answer:
        assert held <= len(sent) + max(LEADING_SPACE, space)
        passed = joint.feed(piece)
        got += passed
        assert not passed or joint.verdict.is_spliced
        held = held + len(piece) if joint.verdict is Verdict.HELD else 0
    got += joint.end()
    assert joint.verdict is not Verdict.HELD
    assert joint.verdict.is_spliced != joint.verdict.is_given_up
    assert not joint.verdict.is_spliced or got == "".join(answer)[joint.cut :]
    return joint.verdict.value, got


@st.composite
def continuations(draw: st.DrawFn) -> tuple[str, str]:
    """A sent text, and a continuation that may repeat some of it."""
    sent = draw(texts) + draw(st.just("") | spaces)
    places = st.integers(0, len(sent))
    start, stop = draw(st.just(0) | places), draw(st.just(len(sent)) | places)
    lead = draw(st.just("") | spaces)
    repeated = (sent[:stop], sent[start:stop], sent[start:], sent[-24:], sent[-30:], sent)
    return sent, lead + draw(st.sampled_from(repeated)) + draw(texts)


@settings(max_examples=1500)
@given(continuations(), ways, chunk_ends)
def test_the_seam_and_the_plain_reference_agree_in_any_pieces(pair: tuple[str, str], way: Way, ends: list[int]) -> None:
    sent, answer = pair
    wanted = seam(sent, way is Way.PREFILL, answer)
    assert joined(sent, way, pieces(answer, ends)) == wanted
    assert joined(sent, way, list(answer)) == wanted
    assert joined(sent, way, [answer]) == wanted


@settings(max_examples=600)
@given(texts, st.integers(0, 200), chunk_ends)
@example("ab ab ab ", 3, [])
def test_an_exact_continuation_by_prefill_gives_the_whole_answer(text: str, place: int, ends: list[int]) -> None:
    sent = text[: min(place, len(text))]
    rest = text[len(sent.rstrip()) :]
    verdict, got = joined(sent, Way.PREFILL, pieces(rest, ends))
    begins_alike = alike(sent.strip(), rest.lstrip())
    if verdict == "CONTINUES":
        assert sent + got == text
    else:  # only where the rest begins as the whole did
        assert begins_alike >= min(8, len(sent.strip()))


@settings(max_examples=600)
@given(texts, st.integers(0, 200), chunk_ends)
def test_an_exact_continuation_by_instruction_gives_the_whole_answer(text: str, place: int, ends: list[int]) -> None:
    sent = text[: min(place, len(text))]
    rest = text[len(sent.rstrip()) :]
    verdict, got = joined(sent, Way.INSTRUCTION, pieces(rest, ends))
    body, begun = rest.lstrip(), sent.strip()
    overlaps = any(body.startswith(begun[-length:]) for length in range(1, len(begun) + 1))
    if verdict in SPLICED:
        assert overlaps or sent + got == text
    else:
        assert overlaps or alike(begun, body) >= 8


@settings(max_examples=600)
@given(texts, st.integers(0, 200), ways, chunk_ends, spaces)
def test_an_answer_given_again_whole_gives_the_answer_or_nothing(
    text: str, place: int, way: Way, ends: list[int], lead: str
) -> None:
    sent = text[: min(place, len(text))]
    again = lead[:LEADING_SPACE] + text.lstrip() if sent.strip() and sent == sent.lstrip() else text
    verdict, got = joined(sent, way, pieces(again, ends))
    if len(sent.strip()) >= 3 and sent == sent.lstrip() and any(character.isalnum() for character in sent):
        assert verdict in ("BEGAN_AGAIN_SAME", "UNSURE")
        assert verdict == "UNSURE" or sent + got == text


NUMBERED = [f"{word}-{place}" for place, word in enumerate(("amber", "raven", "lilac", "oak", "kelp") * 12, 1)]
ANSWER = "\n\n".join(" ".join(NUMBERED[at : at + 10]) for at in range(0, len(NUMBERED), 10)) + "\n"


@settings(max_examples=600)
@given(st.integers(0, len(ANSWER)), ways, chunk_ends, st.data())
def test_an_answer_that_does_not_repeat_itself_becomes_whole_or_is_given_up(
    place: int, way: Way, ends: list[int], data: st.DataObject
) -> None:
    sent, rest = ANSWER[:place], ANSWER[len(ANSWER[:place].rstrip()) :]
    body = sent.rstrip()
    kinds = {"exact": rest, "again": ANSWER}
    if way is Way.INSTRUCTION and len(body) >= 24:
        kinds["overlapping"] = body[-data.draw(st.integers(24, len(body))) :] + rest
    telling = min(24, max(8, -(-len(body) // 2)))
    if len(body) > telling:
        kinds["different"] = ANSWER[: data.draw(st.integers(telling, len(body) - 1))] + "?" + rest
    kind = data.draw(st.sampled_from(sorted(kinds)))
    verdict, got = joined(sent, way, pieces(kinds[kind], ends))
    if verdict in SPLICED:
        assert sent + got == ANSWER
    else:
        assert kind == "different" or len(body) < 3


@settings(max_examples=400)
@given(st.integers(0, 10**9), st.integers(1, 59), ways, chunk_ends)
def test_whatever_a_simulated_model_chooses_the_answer_becomes_whole_or_is_given_up(
    seed: int, sent_words: int, way: Way, ends: list[int]
) -> None:
    answer, sent = answer_text(f"prompt {seed}", 60), answer_text(f"prompt {seed}", sent_words)
    kind = kind_by_seed(seed, sent, way is Way.PREFILL)
    verdict, got = joined(sent, way, pieces(continued(kind, answer, sent, seed), ends))
    assert (verdict in SPLICED) == (kind != "different")
    assert kind == "different" or sent + got == answer
