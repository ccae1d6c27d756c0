"""What the page on streams says of a resumed answer's seam, as plainly as it can be written: all at once, and slowly.

Nothing of sidecar/core is used here. What the page leaves open is decided as sidecar/core/seam.py says in its first lines.
"""

from __future__ import annotations

SPLICED = ("CONTINUES", "BEGAN_AGAIN_SAME")


def alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return length


def alike_at_end(one: str, other: str) -> int:
    """How many characters two texts end with alike."""
    return alike(one[::-1], other[::-1])


def is_said_over(text: str) -> bool:
    """Whether a text has a period that fits into it twice."""
    periods = range(1, len(text) // 2 + 1)
    return any(all(text[place] == text[place - period] for place in range(period, len(text))) for period in periods)


def stands_twice(text: str, part: str) -> bool:
    """Whether a part stands in a text at two places or more."""
    return sum(text[place : place + len(part)] == part for place in range(len(text))) >= 2


def seam(sent: str, is_prefill: bool, answer: str) -> tuple[str, str]:
    """The verdict on a whole continuation, and what the caller gets of it."""
    space = sent[len(sent.rstrip()) :]
    given = sent.strip()
    before = sent[: len(sent) - len(sent.lstrip())] if given else ""
    body = answer.lstrip()
    leading = answer[: len(answer) - len(body)]
    as_it_comes = ("CONTINUES", answer[len(leading) if space.endswith(leading) else alike(space, leading) :])
    if not given or not body or len(leading) > max(16, len(space), len(before)):
        return as_it_comes
    begun = alike(given, body)
    if begun == len(given):
        return whole(given, space, leading, body) or as_it_comes
    enough = min(24, max(8, -(-len(given) // 2)))
    words_begun = [place for place in range(begun) if given[place].isspace()]
    if not is_prefill and (given[-1].isalnum() or given[-1] == ",") and words_begun:
        enough = 8
    if begun >= enough and not stands_twice(given, given[:begun]):
        return ("BEGAN_AGAIN_DIFFERENTLY", "")
    if is_prefill:
        return as_it_comes
    lengths = [length for length in range(1, len(given)) if body.startswith(given[-length:])]
    if not lengths:
        return as_it_comes
    longest = max(lengths)
    behind = alike(space, body[longest:])
    if alike_at_end(given[:-longest], leading) + longest + behind < 24:
        return as_it_comes
    return ("UNSURE", "") if is_said_over(given[-longest:]) else ("CONTINUES", body[longest + behind :])


def whole(given: str, space: str, leading: str, body: str) -> tuple[str, str] | None:
    """All of the sent text comes again, but perhaps the white space at its end; None: that says nothing."""
    after = body[len(given) :]
    is_all = after.startswith(space) or space.startswith(after)
    if len(given) < 3 or not any(character.isalnum() for character in given):
        return ("UNSURE", "") if is_all else None
    if is_said_over(given) or is_said_over(given + (space or leading)):
        return ("UNSURE", "")
    return ("BEGAN_AGAIN_SAME", after[len(space) :]) if is_all else ("BEGAN_AGAIN_DIFFERENTLY", "")
