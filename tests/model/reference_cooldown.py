"""What the page on failover says of cooldowns, as plainly as it can be written.

Nothing of sidecar/core is used here. Where it differs from the page, ARCHITECTURE.md says so: a failure that reports after
its cooldown has ended renews the cooldown at the same step. Where both are silent: a count lives a day, or twice its
cooldown if that is longer; and after a cooldown of a minute attempts go one at a time until one of them succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_S = 86_400.0
LONG_S = 60.0
TRIAL_LEASE_S = 70.0
NEVER = float("-inf")
BILLING_HOURS = (1, 2, 4, 8, 16, 24)


def length_s(reason: str, step: int) -> float | None:
    """The cooldown of a reason's n-th step; None: it has none of its own."""
    if reason in ("AUTHENTICATION", "PERMISSION", "MODEL_NOT_FOUND"):
        return 60.0 if step <= 2 else 3600.0
    if reason == "BILLING":
        return 3600.0 * BILLING_HOURS[min(step, len(BILLING_HOURS)) - 1]
    if reason == "RATE_LIMITED":
        return (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)[min(step, 7) - 1]
    return None


@dataclass
class ReferenceCooldown:
    """Instants in seconds. `counts`: by reason the steps and when they are forgotten."""

    until: float = NEVER
    set_at: float = NEVER
    counts: dict[str, tuple[int, float]] = field(default_factory=dict)
    one_at_a_time: bool = False
    trial_at: float | None = None

    def returns_at(self, now: float) -> float | None:
        """When an attempt may start; None: now."""
        if now < self.until:
            return self.until
        if self.trial_at is not None and now < self.trial_at + TRIAL_LEASE_S:
            return self.trial_at + TRIAL_LEASE_S
        return None

    def count(self, reason: str, now: float) -> int:
        """The steps of a reason that still count."""
        steps, forgotten_at = self.counts.get(reason, (0, NEVER))
        return steps if now < forgotten_at else 0

    def start(self, now: float) -> None:
        """An attempt that may start."""
        if self.one_at_a_time:
            self.trial_at = now

    def ended(self, started_at: float) -> None:
        """An attempt has an outcome: if it was the one admitted, the next may go."""
        if self.trial_at is not None and started_at >= self.trial_at:
            self.trial_at = None

    def success(self, started_at: float) -> None:
        """It gave content."""
        self.ended(started_at)
        if started_at >= self.until:
            self.counts, self.one_at_a_time = {}, False

    def failure(self, reason: str, stated_s: float | None, started_at: float, now: float) -> None:
        """It failed, by a reason that blames what cools."""
        self.ended(started_at)
        is_over, is_new = now >= self.until, started_at > self.set_at
        step = self.count(reason, now) + 1 if is_new else max(1, self.count(reason, now))
        own_s = length_s(reason, step)
        if stated_s is not None:
            self.until = max(self.until, now + stated_s)
        if own_s is not None and (is_new or is_over):
            self.until = max(self.until, now + own_s)
            self.set_at = now
            if is_new:
                self.counts[reason] = (step, now + max(DAY_S, 2 * own_s))
        if self.until - now >= LONG_S:
            self.one_at_a_time = True
