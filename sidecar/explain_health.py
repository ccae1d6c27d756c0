"""The health of targets as a running sidecar tells it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from remora_client import EntryHealth, Health

from .core.catalog import Target
from .explain import Hindrance


class Told:
    """A snapshot of Health, asked about targets. What it does not name is taken as healthy."""

    def __init__(self, snapshot: Health) -> None:
        self._entries = {(entry.entry, entry.base_url): entry for entry in snapshot.entries}
        self._profiles = {(one.provider, one.profile, one.model): one for one in snapshot.profiles}

    def knows(self, target: Target) -> bool:
        """Whether that sidecar has such a profile: else it runs with another configuration."""
        return (target.entry.provider, target.profile, None) in self._profiles

    def hindrance(self, target: Target) -> Hindrance | None:
        """The one that lasts longest; None if the target may be called."""
        found = [*self._of_entry(target), *self._of_profile(target)]
        return max(found, key=lambda one: one.until.timestamp() if one.until else 0.0, default=None)

    def _of_entry(self, target: Target) -> list[Hindrance]:
        entry = self._entries.get((str(target.entry), _shown(target.base_url)))
        if entry is None:
            return []
        found = []
        if entry.cooldown_ends_at is not None:
            found.append(Hindrance(f"the entry is cooling{_why(entry)}", entry.cooldown_ends_at))
        if entry.next_attempt_at is not None and entry.state in ("OPEN", "HALF_OPEN"):
            state = "open" if entry.state == "OPEN" else "half-open, probed by another call"
            found.append(Hindrance(f"the breaker is {state}{_why(entry)}", entry.next_attempt_at))
        return found

    def _of_profile(self, target: Target) -> list[Hindrance]:
        found = []
        for model, which in (
            (None, "the profile is cooling"),
            (target.entry.model, "the profile is cooling for this model"),
        ):
            one = self._profiles.get((target.entry.provider, target.profile, model))
            ends_at: datetime | None = one.cooldown_ends_at if one is not None else None
            if one is not None and ends_at is not None:
                found.append(Hindrance(f"{which} ({one.reason})", ends_at))
        return found


def _why(entry: EntryHealth) -> str:
    return f" ({entry.reason})" if entry.reason else ""


def _shown(url: str) -> str:
    """A base URL as Health shows it: without user, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
