"""What the model of an action does not take, in the words of a wire format. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .action import Action
from .answer import prompt_tokens
from .signature import is_signed
from .wire import ChatCall, Limit, LimitKind, Wire


def check_limits(wire: Wire, call: ChatCall, action: Action) -> None:
    """Raise BadRequestError where the model of `action` refuses what `call` asks for."""
    for limit in _passed(call, action):
        raise wire.over(call, limit)


def _passed(call: ChatCall, action: Action) -> Iterator[Limit]:
    for parameter in action.refuses:
        if parameter in call.fields:
            yield Limit(kind=LimitKind.PARAMETER, parameter=parameter)
    prompt, asked = prompt_tokens(call), call.max_tokens or 0
    window, most = action.context_tokens, action.max_output_tokens
    if window is not None and prompt + asked > window:
        yield Limit(kind=LimitKind.CONTEXT, most=window, prompt=prompt, asked=asked)
    if most is not None and asked > most:
        yield Limit(kind=LimitKind.OUTPUT, most=most, asked=asked)
    if action.continuation == "refuse" and call.turns[-1].role == "assistant":
        yield Limit(kind=LimitKind.PREFILL)
    for block in call.signed:
        if not is_signed(block, action.signing):
            yield Limit(kind=LimitKind.SIGNATURE, parameter=block.path)
