"""Any answer, cut anywhere, in any pieces, continued in every way: the caller's text is the answer, or nothing is spliced.

What a continuation may mean is written down here once more, plainly: it goes on; or it says all of the sent text first; or,
asked by instruction, an end of it of 24 characters or more. Where only one of these can be meant, that is what the caller
gets.
"""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sidecar.core.seam import Way
from sidecar.simulator import answer_text
from sidecar.simulator.continuation import continued as simulated

from .splicing import continued, pieces

LONG = 24
TELLING = 8
ways = st.sampled_from(Way)
ends = st.lists(st.integers(0, 300), max_size=30)
places = st.integers(0, 300)
leads = st.text(alphabet=" \n", max_size=16)
# Few letters and whole phrases, so that texts repeat themselves; and any characters, so that they do not.
scraps = st.text(alphabet="ab \n", max_size=40)
rows = st.builds(lambda part, times, end: part * times + end, scraps, st.integers(1, 4), scraps)
phrases = st.sampled_from(
    ("amber ", "the raven and the lilac ", " sat on the branch,", "-", "12", "\n\n", "  ", "lilac.", "日本", "🦈 é")
)
long_texts = st.lists(phrases, min_size=8, max_size=20).map("".join).map(str.strip)
texts = st.one_of(rows, st.lists(phrases, max_size=20).map("".join), st.text(max_size=80))


def alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def ends_repeated(sent: str, answer: str) -> list[int]:
    """The lengths of the ends of the sent text, white space around them counted, that the answer begins with."""
    body, begun = answer.lstrip(), sent.strip()
    space = len(sent) - len(sent.rstrip()) + len(answer) - len(body)
    return [
        length for length in range(1, len(begun) + 1) if length + space >= LONG and body.startswith(begun[-length:])
    ]


def seems_repeated(sent: str, answer: str, way: Way) -> bool:
    """Whether an answer that only goes on could as well repeat all of the sent text, or its end."""
    begun = sent.strip()
    says_all = bool(begun) and answer.lstrip().startswith(begun)
    return says_all or (way is Way.INSTRUCTION and bool(ends_repeated(sent, answer)))


def is_one_thing_over(text: str) -> bool:
    """Whether a text is one thing said twice or more, the last time perhaps cut short."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def without_repetition(sent: str, answer: str, way: Way) -> set[str]:
    """The caller's text if it does repeat one of those, and the white space behind that."""
    body, begun, space = answer.lstrip(), sent.strip(), sent[len(sent.rstrip()) :]
    said = ends_repeated(sent, answer) if way is Way.INSTRUCTION else []
    lengths = {len(begun), *said} if begun and body.startswith(begun) else {*said}
    behind = [body[length:] for length in sorted(lengths)]
    return {sent + rest[alike(space, rest) :] for rest in behind}


def seems_begun_again(sent: str, answer: str) -> bool:
    """Whether it begins as the sent text does, for longer than by chance."""
    begun = sent.strip()
    return alike(begun, answer.lstrip()) >= min(TELLING, len(begun)) > 0


@settings(max_examples=400)
@given(texts, places, ways, ends)
def test_what_goes_on_exactly_makes_the_whole_answer_or_is_given_up(
    text: str, place: int, way: Way, cuts: list[int]
) -> None:
    assume(text)
    sent = text[: place % len(text)]
    rest = text[len(sent.rstrip()) :]
    got = continued(sent, way, pieces(rest, cuts))
    if got is None:
        assert seems_begun_again(sent, rest) or seems_repeated(sent, rest, way)
    else:
        assert got == text or got in without_repetition(sent, rest, way)


@settings(max_examples=300)
@given(texts, places, ways, ends)
def test_white_space_that_a_model_leaves_out_or_writes_anew_at_the_seam_is_there_once(
    text: str, place: int, way: Way, cuts: list[int]
) -> None:
    assume(text)
    sent = text[: place % len(text)]
    rest = text[len(sent) :]
    assume(sent.rstrip() and rest[:1].strip() and not seems_begun_again(sent, rest))
    assume(not seems_repeated(sent, rest, way))
    for answer in (rest, sent[len(sent.rstrip()) :] + rest):
        assert continued(sent, way, pieces(answer, cuts)) == text


@settings(max_examples=400)
@given(texts, places, ways, ends, leads)
def test_an_answer_said_again_from_its_beginning_makes_the_whole_answer_or_is_given_up(
    text: str, place: int, way: Way, cuts: list[int], lead: str
) -> None:
    assume(text)
    sent = text[: place % len(text)]
    begun = sent.strip()
    assume(len(begun) >= 3 and any(character.isalnum() for character in begun))
    got = continued(sent, way, pieces(lead + text.lstrip(), cuts))
    assert got in (None, text)
    is_over = is_one_thing_over(begun) or is_one_thing_over(begun + (sent[len(sent.rstrip()) :] or lead))
    assert (got is None) == is_over


@settings(max_examples=400)
@given(long_texts, st.integers(1, 300), st.integers(0, 300), ends)
def test_an_end_said_again_by_instruction_makes_the_whole_answer_or_is_given_up(
    text: str, place: int, length: int, cuts: list[int]
) -> None:
    assume(len(text) > LONG + 2)
    sent = text[: LONG + 1 + place % (len(text) - LONG - 1)].rstrip()
    assume(len(sent) > LONG)
    said = sent[-(LONG + length % (len(sent) - LONG)) :]
    answer = said + text[len(sent) :]
    got = continued(sent, Way.INSTRUCTION, pieces(answer, cuts))
    meant = ends_repeated(sent, answer)
    if got is None:
        assert is_one_thing_over(sent[-max(meant) :]) or seems_begun_again(sent, answer)
    else:
        assert got == text or len(meant) > 1
        assert got in without_repetition(sent, answer, Way.INSTRUCTION)


@settings(max_examples=400)
@given(long_texts, st.integers(1, 300), ways, ends, st.integers(0, 300), texts)
def test_an_answer_begun_again_and_differently_is_never_spliced(
    text: str, place: int, way: Way, cuts: list[int], differs: int, other: str
) -> None:
    assume(len(text) > LONG + 2)
    sent = text[: LONG + 1 + place % (len(text) - LONG - 1)].rstrip()
    assume(len(sent) > LONG)
    at = LONG + differs % (len(sent) - LONG)
    answer = sent[:at] + ("!" if other[:1] == sent[at] else "") + other
    assume(sent.find(sent[:at], 1) < 0 and alike(sent, answer) == at)
    assert continued(sent, way, pieces(answer, cuts)) is None


KINDS = ("continue", "overlap", "again", "different")


@settings(max_examples=300)
@given(st.integers(0, 10**9), st.integers(20, 400), ways, st.sampled_from(KINDS), ends, st.booleans())
def test_whatever_a_simulated_model_does_the_answer_becomes_whole_or_is_given_up(
    seed: int, place: int, way: Way, kind: str, cuts: list[int], asked_for_prompt: bool
) -> None:
    whole = answer_text(f"prompt {seed}" if asked_for_prompt else "why", 60)
    sent = whole[: place % len(whole)]
    assume(len(sent.rstrip()) > LONG + 1)
    kind = "continue" if kind == "overlap" and way is Way.PREFILL else kind
    got = continued(sent, way, pieces(simulated(kind, whole, sent.rstrip(), seed), cuts))
    assert got == (None if kind == "different" else whole)
