"""What a Messages request says of thinking, and what thinking excludes. Pure.

Rules: Anthropic's pages on extended and on adaptive thinking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .wire import Thinking
from .wire_anthropic_field import literal, record, refuse, tag, typed
from .wire_anthropic_turn import Message, loop_of

_PAGE = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
_LEAST_BUDGET = 1024
_LEAST_TOP_P = 0.95
# type: required fields, then optional ones; `type` itself left out
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "adaptive": ((), ("display",)),
    "between_tools": ((), ()),
    "disabled": ((), ()),
    "enabled": (("budget_tokens",), ("display",)),
}
_STARTS = ("thinking", "redacted_thinking")


def read_thinking(fields: Mapping[str, Any], messages: Sequence[Message], *, is_forced: bool) -> Thinking:
    """Return whether the answer thinks; `is_forced`: a tool must be called. Raise BadRequestError for what excludes it."""
    value = fields.get("thinking")
    if value is None:
        return Thinking.OFF
    kind = tag(value, "thinking", tuple(_FIELDS))
    required, optional = _FIELDS[kind]
    record(value, f"thinking.{kind}", ("type", *required), optional)
    if value.get("display") is not None:
        literal(value["display"], f"thinking.{kind}.display", ("summarized", "omitted"))
    if kind == "disabled":
        return Thinking.OFF
    _check_sampling(fields)
    if is_forced:
        refuse("Thinking may not be enabled when tool_choice forces tool use.")
    if kind != "enabled":
        return Thinking.SCRIPTED
    _check_budget(value["budget_tokens"], fields["max_tokens"])
    _check_beginning(messages)
    return Thinking.ON


def _check_sampling(fields: Mapping[str, Any]) -> None:
    if fields.get("temperature", 1) != 1:
        refuse(
            "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at "
            f"{_PAGE}#important-considerations-when-using-extended-thinking"
        )
    if fields.get("top_p", 1) < _LEAST_TOP_P:
        refuse(f"`top_p` must be greater than or equal to {_LEAST_TOP_P} or unset when thinking is enabled.")
    if "top_k" in fields:
        refuse("`top_k` must be unset when thinking is enabled.")


def _check_budget(budget: Any, max_tokens: int) -> None:
    if typed(budget, "thinking.enabled.budget_tokens", int) < _LEAST_BUDGET:
        refuse(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST_BUDGET}")
    if budget >= max_tokens:
        refuse(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
            f"{_PAGE}#max-tokens-and-context-window-size"
        )


def _check_beginning(messages: Sequence[Message]) -> None:
    loop = [message for message in loop_of(messages) if message.blocks]
    if not loop or any(message.blocks[0].kind in _STARTS for message in loop):
        return
    first = loop[0].blocks[0]
    refuse(
        f"{first.path}.type: Expected `thinking` or `redacted_thinking`, but found `{first.kind}`. When `thinking` is "
        "enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of "
        "`tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid "
        f"this requirement, disable `thinking`. Please consult our documentation at {_PAGE}"
    )
