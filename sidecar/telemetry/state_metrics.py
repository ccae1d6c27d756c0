"""How the sidecar is, read when metrics are asked for. Models that no configuration names share one label."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily

from ..core.breaker import BreakerState
from ..core.observation import EntryReading, Reading
from . import names
from .names import Metric


def families(reading: Reading, is_declared: Callable[[str, str], bool]) -> Iterator[GaugeMetricFamily]:
    """Breakers, cooldowns, budgets, and what is in flight."""
    yield _breakers(reading)
    yield _cooldowns(reading, is_declared)
    for metric, value in (
        (names.RETRY_BUDGET, reading.retry_tokens),
        (names.CALLS, reading.calls_under_way),
        (names.BYTES, reading.bytes_in_flight),
    ):
        family = _family(metric)
        family.add_metric((), value)
        yield family


def _breakers(reading: Reading) -> GaugeMetricFamily:
    numbers: dict[tuple[str, str, str], dict[BreakerState, int]] = {}
    for entry in reading.entries:
        states = numbers.setdefault(_labels(entry), dict.fromkeys(BreakerState, 0))
        states[entry.state] += 1
    family = _family(names.BREAKERS)
    for (provider, model, base_url), states in numbers.items():
        for state, number in states.items():
            family.add_metric((provider, model, base_url, state.value), number)
    return family


def _cooldowns(reading: Reading, is_declared: Callable[[str, str], bool]) -> GaugeMetricFamily:
    """In the order of the labels: provider, model, profile, base URL."""
    longest: dict[tuple[str, str, str, str], float] = {}

    def note(key: tuple[str, str, str, str], cooling_s: float) -> None:
        longest[key] = max(longest.get(key, 0.0), cooling_s)

    for entry in reading.entries:
        provider, model, base_url = _labels(entry)
        note((provider, model, "", base_url), entry.cooling_s)
    for profile in reading.profiles:
        model = profile.model or ""
        is_known = not model or is_declared(profile.provider, model)
        note((profile.provider, model if is_known else names.OTHER, profile.profile, ""), profile.cooling_s)
    family = _family(names.COOLDOWN)
    for key, cooling_s in longest.items():
        family.add_metric(key, cooling_s)
    return family


def _labels(entry: EntryReading) -> tuple[str, str, str]:
    if entry.is_declared:
        return entry.provider, entry.model, entry.base_url
    return entry.provider, names.OTHER, ""


def _family(metric: Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
