"""What an operator names to be forgotten, and the forgetting."""

from __future__ import annotations

from difflib import get_close_matches

from ..core.errors import CallError, FieldError
from ..core.reasons import Reason
from ..engine.engine import Engine
from ..pb import health_pb2
from .health_message import credentials

MAX_CHARACTERS = 512
CLOSEST = 3


class UnknownScope(Exception):
    """Nothing has that name; the text says which names come closest."""


def reset(engine: Engine, request: health_pb2.ResetHealthRequest) -> health_pb2.ResetHealthResponse:
    """Forgets what the request names, and says what that was.

    Raises UnknownScope, and CallError INVALID_INPUT where nothing is named.
    """
    match request.WhichOneof("scope"):
        case "entry":
            return _entry(engine, request.entry)
        case "profile":
            return _profile(engine, request.profile)
        case "all" if request.all:
            return _all(engine)
        case "all":
            raise _invalid("all", "must be true")
        case _:
            raise _invalid("scope", "name an entry, a profile, or all")


def _entry(engine: Engine, name: str) -> health_pb2.ResetHealthResponse:
    """An entry at all of its base URLs, and the cooldowns of its provider's keys with its model."""
    _check("entry", name)
    provider, _, model = name.partition("/")
    key_ids = [one.key_id for one in credentials(engine) if one.provider == provider]
    engine.services.lessons.forget(provider, model)
    if not engine.services.health.reset_entry(provider, model, key_ids):
        raise _unknown("entry", name, _entries(engine))
    return health_pb2.ResetHealthResponse(entries=[name])


def _profile(engine: Engine, name: str) -> health_pb2.ResetHealthResponse:
    """A profile, and with it every other one that has the same secret and base URL: their state is one."""
    _check("profile", name)
    known = credentials(engine)
    found = next((one for one in known if f"{one.provider}/{one.profile}" == name), None)
    if found is None:
        raise _unknown("profile", name, [f"{one.provider}/{one.profile}" for one in known])
    engine.services.health.reset_profile(found.provider, found.profile, found.key_id)
    same = [f"{one.provider}/{one.profile}" for one in known if one.key_id == found.key_id]
    return health_pb2.ResetHealthResponse(profiles=same)


def _all(engine: Engine) -> health_pb2.ResetHealthResponse:
    engine.services.health.reset_all()
    engine.services.lessons.forget()
    profiles = [f"{one.provider}/{one.profile}" for one in credentials(engine)]
    return health_pb2.ResetHealthResponse(entries=_entries(engine), profiles=profiles)


def _entries(engine: Engine) -> list[str]:
    """ "provider/model-id" of every entry known, once each."""
    return list(dict.fromkeys(f"{key[0]}/{key[2]}" for key, _ in engine.services.health.entries()))


def _check(field: str, name: str) -> None:
    if not name or len(name) > MAX_CHARACTERS:
        raise _invalid(field, f"must be 1 to {MAX_CHARACTERS} characters")


def _invalid(field: str, description: str) -> CallError:
    return CallError(Reason.INVALID_INPUT, f"{field}: {description}", fields=(FieldError(field, description),))


def _unknown(kind: str, name: str, known: list[str]) -> UnknownScope:
    close = get_close_matches(name[:200], known, CLOSEST, 0.5)
    hint = f"; closest: {', '.join(close)}" if close else ""
    return UnknownScope(f"there is no state of the {kind} {name[:200]!r}{hint}")
