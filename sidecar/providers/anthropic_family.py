"""What a model's name says of its generation, where the Messages API differs between generations.

Source: Anthropic's pages "Models overview", "Thinking", "Effort", "Mid-conversation system messages" and the migration
guides up to Claude 5. Names that are not Claude's belong to other vendors of this wire format, who take its older form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_VERSION = re.compile(r"claude[a-z-]*?(\d+)(?:[-.](\d{1,2})(?!\d))?")
_ONE_OF_SAMPLING = (4, 1)
_TAKES_FORMATS = (4, 5)
_ADAPTIVE = (4, 6)
_WITHOUT_SAMPLING = (4, 7)
_SYSTEM_TURNS = (4, 8)
_THINKS_UNASKED = (5, 0)


@dataclass(frozen=True, slots=True)
class Family:
    """What a model takes. `takes_formats`: schemas for its answers. `is_adaptive`: it decides by itself how much to think,
    given an effort; others get a budget. `hides_thinking`: its thinking comes without text unless text is asked for.
    `takes_sampling`: temperature, top_p, top_k. `takes_both`: temperature beside top_p. `thinks_unasked`: it thinks unless
    told not to. `always_thinks`: it cannot be told so. `takes_system_turns`: system messages inside the conversation.
    `signs_thinking`: it takes no thinking back that bears no signature.
    """

    takes_formats: bool = True
    is_adaptive: bool = False
    hides_thinking: bool = False
    takes_sampling: bool = True
    takes_both: bool = True
    thinks_unasked: bool = False
    always_thinks: bool = False
    takes_system_turns: bool = False
    signs_thinking: bool = False


@lru_cache(maxsize=1024)
def family_of(model_id: str) -> Family:
    """The family of a model id, with any prefix or suffix that clouds and gateways add.

    A Claude without a number is taken for a new one that may still take what only some new ones refuse.
    """
    name = model_id.lower()
    if "claude" not in name:
        return Family()
    always = "fable" in name or "mythos" in name
    found = _VERSION.search(name)
    if found is None:
        return Family(
            is_adaptive=True,
            hides_thinking=True,
            takes_sampling=not always,
            takes_both=False,
            always_thinks=always,
            signs_thinking=True,
        )
    version = (int(found[1]), int(found[2] or 0))
    return Family(
        takes_formats=version >= _TAKES_FORMATS,
        is_adaptive=version >= _ADAPTIVE,
        hides_thinking=version >= _WITHOUT_SAMPLING,
        takes_sampling=version < _WITHOUT_SAMPLING,
        takes_both=version < _ONE_OF_SAMPLING,
        thinks_unasked=version >= _THINKS_UNASKED,
        always_thinks=always,
        takes_system_turns=version >= _SYSTEM_TURNS,
        signs_thinking=True,
    )
