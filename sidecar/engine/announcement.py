"""Changes of health as they are told: what changed, of which key, and the cause in a sentence without upstream text."""

from __future__ import annotations

from ..core.breaker import Breaker
from ..core.catalog import Target
from ..core.cooldown import Cooldown
from ..core.observation import Change, ChangeKind
from ..core.reasons import Blame, Reason
from .entries import EntryKey

RESET = "reset by an operator"


def turned(key: EntryKey, breaker: Breaker, now: float) -> Change:
    """The breaker has opened, or closed."""
    refusal = breaker.refusal(now)
    if refusal is None:
        return _of_entry(ChangeKind.CLOSED, breaker.cause, key)
    return _of_entry(
        ChangeKind.OPENED, f"{breaker.cause}; open for {seconds(refusal.until - now)}", key, breaker.last_reason
    )


def probed(key: EntryKey, breaker: Breaker) -> Change:
    """The half-open breaker's one attempt is out."""
    return _of_entry(ChangeKind.HALF_OPENED, "a probe is out", key, breaker.last_reason)


def unproven(key: EntryKey, breaker: Breaker) -> Change:
    """The probe came back and said nothing of the target."""
    return _of_entry(
        ChangeKind.HALF_OPENED, "the probe said nothing; the next attempt probes", key, breaker.last_reason
    )


def cooling(target: Target, blame: Blame, cooldown: Cooldown, reason: Reason, now: float) -> Change:
    """What a reason blames rests until the cooldown's end."""
    return _cooldown(target, blame, f"{reason}: cooling for {seconds(cooldown.until - now)}", reason)


def tried(target: Target, blame: Blame, cooldown: Cooldown) -> Change:
    """A long cooldown is over, and one attempt is let through first."""
    return _cooldown(target, blame, "its cooldown is over: one attempt goes first", cooldown.reason)


def freed(target: Target, blame: Blame, cooldown: Cooldown) -> Change:
    """The one attempt let through first has ended."""
    return _cooldown(target, blame, "the attempt that went first has ended", cooldown.reason)


def entry_reset(key: EntryKey) -> Change:
    """An operator had an entry forgotten."""
    return _of_entry(ChangeKind.RESET, RESET, key)


def profile_reset(provider: str, profile: str) -> Change:
    """An operator had a credential's cooldowns forgotten."""
    return Change(ChangeKind.RESET, RESET, provider, profile=profile)


def all_reset() -> Change:
    """An operator had everything forgotten."""
    return Change(ChangeKind.RESET, f"everything was {RESET}")


def seconds(duration_s: float) -> str:
    """A duration for a person: whole seconds from 10 s on, at least 0.1 s."""
    return f"{duration_s:.0f} s" if duration_s >= 10 else f"{max(duration_s, 0.1):.1f} s"


def _of_entry(kind: ChangeKind, cause: str, key: EntryKey, reason: Reason | None = None) -> Change:
    provider, base_url, model = key
    return Change(kind, cause, provider, base_url, model, reason=reason)


def _cooldown(target: Target, blame: Blame, cause: str, reason: Reason | None) -> Change:
    """Of an entry, else of a profile, with the model where only the pair rests."""
    provider, model = target.entry.provider, target.entry.model
    if blame in (Blame.ENTRY, Blame.ENDPOINT):
        return Change(ChangeKind.COOLING, cause, provider, target.base_url, model, reason=reason)
    whose = None if blame is Blame.PROFILE else model
    return Change(ChangeKind.COOLING, cause, provider, target.base_url, whose, target.profile, reason)
