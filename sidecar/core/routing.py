"""In which order the profiles of an entry are asked (failover.md §3): for the first choice, and for rotation.

Each function gives all targets, so that whoever walks them passes over what is unavailable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from .backoff import Rand
from .catalog import Target

Targets = tuple[Target, ...]


def rotated(targets: Sequence[Target], last: str | None) -> Targets:
    """`targets` in their cycle, from the one after the profile `last` on; as they are where it is not among them.

    With the profile that was really asked as the next `last`, the unavailable ones give their turn to nobody in
    particular: of three with one away, the other two take every second call each.
    """
    for index, target in enumerate(targets):
        if target.profile == last:
            return (*targets[index + 1 :], *targets[: index + 1])
    return tuple(targets)


def drawn(targets: Sequence[Target], weights: Mapping[str, float], rand: Rand) -> Targets:
    """At random, without putting back; `weights` by profile, over 0, 1 where none is given.

    The first of any subset is each of it with its weight's share of the subset's: an unavailable profile's part goes
    to the others by their weights. Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the
    smallest exponential variate of rate `weight` comes first.
    """

    def arrival(target: Target) -> float:
        return -math.log(1.0 - rand()) / weights.get(target.profile, 1.0)

    return _sorted(targets, arrival)


def least(targets: Sequence[Target], busy: Callable[[Target], float]) -> Targets:
    """The smallest number first; those that are equal as they stand."""
    return _sorted(targets, busy)


def by_affinity(targets: Sequence[Target], key: str) -> Targets:
    """By rendezvous hash of `key` with provider and profile: equal in every process, whatever the order of profiles.

    A profile that goes moves only the keys that were its own, and one that comes takes its share from all alike.
    Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
    """

    seed = blake2b(key.encode(errors="replace")).digest()

    def score(target: Target) -> bytes:
        name = f"{target.entry.provider}/{target.profile}"
        return blake2b(name.encode(), key=seed, digest_size=16).digest()

    return tuple(sorted(targets, key=score, reverse=True))


def _sorted(targets: Sequence[Target], number: Callable[[Target], float]) -> Targets:
    return tuple(sorted(targets, key=number))
