"""How a model goes on with an unfinished answer, chosen by a seed and what it is asked. Pure."""

from __future__ import annotations

import hashlib
import re

from .text import answer_text, overlap_of

#: A prefilled model goes on from tokens it reads as its own, so it does not overlap.
_PREFILLED = ("continue", "again", "different")
_ASKED = (*_PREFILLED, "overlap")
# Less of a beginning that comes again may be chance, and nobody could tell that it is another answer.
_TELLING_CHARACTERS = 24


def kind_by_seed(seed: int, sent: str, is_prefill: bool) -> str:
    """Return `continue`, `overlap` (not of a prefill), `again` or `different`: the same for the same request.

    Where fewer than 25 characters were `sent`, `different` is `again`.
    """
    kinds = _PREFILLED if is_prefill else _ASKED
    kind = kinds[_number(seed, sent, "kind") % len(kinds)]
    return "again" if kind == "different" and len(sent) <= _TELLING_CHARACTERS else kind


def continued(kind: str, whole: str, sent: str, seed: int) -> str:
    """Return what comes for `whole`, of which `sent` (not empty, its beginning) has been given, in a kind of going on.

    `overlap` says the last words of `sent` again, `different` all of its beginning up to a place at least 24 characters in.
    """
    if kind == "again":
        return whole
    if kind == "overlap":
        return overlap_of(sent).lstrip() + whole[len(sent) :]
    if kind == "different":
        return _different(whole, sent, seed)
    return whole[len(sent) :]


def _different(whole: str, sent: str, seed: int) -> str:
    places = len(sent) - _TELLING_CHARACTERS
    place = _TELLING_CHARACTERS + _number(seed, sent, "place") % places if places > 0 else 0
    other = answer_text(f"another answer than {whole}", len(re.findall(r"\S+", whole[place:])))
    return whole[:place] + ("?" if other[:1] == whole[place] else "") + other


def _number(seed: int, sent: str, what: str) -> int:
    digest = hashlib.sha256(f"{seed}/{what}/{sent}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
