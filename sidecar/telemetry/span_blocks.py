"""Attributes that return in span after span, joined once: one look-up then stands for half a dozen of them.

What differs from call to call, such as ids, stands between two blocks. Names in keys are as they may be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from ..core.reasons import Reason
from ..core.report import AttemptKind
from . import names
from .otlp_bytes import attribute

MAX_BLOCKS = 1024
"""Blocks that are kept, of a kind; all of that kind are forgotten when there are more."""
SERVER_ERRORS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that are the server's fault: the others leave a SERVER span's status unset (the conventions for gRPC)."""
LABEL = re.compile(r"[\w.:/@+=|-]{1,100}").fullmatch
"""Ids and codes of a provider's: without spaces, so no sentence. They come redacted."""
_STATUS_NUMBERS = {code: number for number, code in enumerate(names.STATUSES)}

Key = TypeVar("Key")
Block = TypeVar("Block")
Around = tuple[bytes, bytes]
"""What stands before and after an id."""

RpcKey = tuple[str, str, str, str, str, Reason | None]
"""Service, method, code, peer, model asked for ("" is not told), reason."""
CallKey = tuple[str, str, bool, int, bool, tuple[str, str, str] | None, Reason | None]
"""What it does, model asked for, whether it failed over, attempts, whether it streams; provider, model and profile that
answered; why it failed."""
OutcomeKey = tuple[int, AttemptKind, bool, bool, int | None, Reason | None, str | None, str | None]
"""Of an attempt: index, kind, whether it streams, whether it embeds, upstream status, reason, finish, response model."""


class Blocks(dict[Key, Block]):
    """Made by `make` from their key when they are first asked for, as `blocks[key]`."""

    def __init__(self, make: Callable[[Key], Block]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Block:
        if len(self) >= MAX_BLOCKS:
            self.clear()
        block = self[key] = self._make(key)
        return block


def of_rpc(key: RpcKey, *, is_old: bool) -> Around:
    """Of an rpc's span, around the request id. `is_old`: the former names are told too."""
    service, method, code, peer, asked, reason = key
    before = [
        attribute(names.RPC_SYSTEM_NAME, "grpc"),
        attribute(names.RPC_METHOD, f"{service}/{method}"),
        attribute(names.RPC_STATUS_CODE, code),
    ]
    after = []
    if host := _host_of(peer):
        after.append(attribute(names.NETWORK_PEER_ADDRESS, host))
    if asked:
        after.append(attribute(names.REQUEST_MODEL, asked))
    if reason is not None:
        after.append(attribute(names.REASON, reason.value))
    if code in SERVER_ERRORS:
        after.append(attribute(names.ERROR_TYPE, reason.value if reason is not None else code))
    if is_old:
        after.append(attribute(names.OLD_RPC_SYSTEM, "grpc"))
        after.append(attribute(names.OLD_RPC_SERVICE, service))
        after.append(attribute(names.OLD_RPC_GRPC_STATUS_CODE, _STATUS_NUMBERS.get(code, 2)))
    return b"".join(before), b"".join(after)


def of_call(key: CallKey) -> Around:
    """Of an operation's span, around the request id."""
    does, model, failed_over, attempts, is_streamed, answered_by, reason = key
    before = [attribute(names.OPERATION_NAME, does), attribute(names.REQUEST_MODEL, model)]
    after = [attribute(names.FAILED_OVER, failed_over), attribute(names.ATTEMPTS, attempts)]
    if is_streamed:
        after.append(attribute(names.REQUEST_STREAM, True))
    if answered_by is not None:
        by = zip((names.PROVIDER, names.MODEL, names.PROFILE), answered_by, strict=True)
        after += [attribute(name, value) for name, value in by]
    if reason is not None:
        after.append(attribute(names.REASON, reason.value))
    if is_error(reason):
        after.append(attribute(names.ERROR_TYPE, str(reason)))
    return b"".join(before), b"".join(after)


def of_outcome(key: OutcomeKey) -> bytes:
    """Of an attempt's span: what became of it."""
    index, kind, is_streamed, embeds, status, reason, said, response_model = key
    told = [attribute(names.ATTEMPT_INDEX, index), attribute(names.ATTEMPT_KIND, kind.value)]
    if is_streamed:
        told.append(attribute(names.REQUEST_STREAM, True))
    if status is not None:
        told.append(attribute(names.HTTP_STATUS_CODE, status))
    if reason is not None:
        told.append(attribute(names.ERROR_TYPE if is_error(reason) else names.REASON, reason.value))
    finish = said or ("error" if is_error(reason) else None)
    if finish is not None and not embeds:
        told.append(attribute(names.FINISH_REASONS, (finish,)))
    if response_model and LABEL(response_model):
        told.append(attribute(names.RESPONSE_MODEL, response_model))
    return b"".join(told)


def is_error(reason: Reason | None) -> bool:
    """Whether it is an error to whoever looks: what nobody waits for any more is none."""
    return reason is not None and reason is not Reason.CANCELLED


def _host_of(peer: str) -> str:
    """The address in gRPC's "ipv4:127.0.0.1:5000" or "ipv6:%5B::1%5D:5000"; "" for a unix socket."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")
