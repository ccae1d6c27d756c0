"""Random chains, upstreams, deadlines and policies: what holds for every walk."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.budget import Budget
from sidecar.core.catalog import Entry, Target
from sidecar.core.chain import Chain
from sidecar.core.classify import Verdict
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import AttemptKind, SkipCause
from sidecar.core.step import Start

from .build import chain, link, target, verdict
from .traffic import Answer, Call, Traffic

TIMER_S = 1e-5
STOPS = {
    Reason.CONTENT_FILTERED,
    Reason.INVALID_REQUEST,
    Reason.SPEND_LIMIT,
    Reason.CANCELLED,
}
CREDENTIAL = {Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING}
PERMANENT = CREDENTIAL | {
    Reason.MODEL_NOT_FOUND,
    Reason.CONTEXT_LENGTH,
    Reason.MAX_TOKENS,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.TOOL_SCHEMA,
    Reason.FOREIGN_REASONING,
}
TEMPORARY = {
    Reason.RATE_LIMITED,
    Reason.OVERLOADED,
    Reason.SERVER_ERROR,
    Reason.CONNECTION,
    Reason.TIMEOUT,
    Reason.MALFORMED_RESPONSE,
    Reason.EMPTY_RESPONSE,
    Reason.STREAM_BROKEN,
    Reason.DEADLINE,
    Reason.UNKNOWN,
}
REASONS = sorted(STOPS | PERMANENT | TEMPORARY)
LIKELY = [Reason.RATE_LIMITED, Reason.OVERLOADED, Reason.SERVER_ERROR, Reason.CONNECTION, Reason.AUTHENTICATION]


class CountedBudget(Budget):
    """Counts what is drawn."""

    drawn = 0

    def draw(self, now: float) -> bool:
        is_drawn = super().draw(now)
        self.drawn += is_drawn
        return is_drawn


def some_verdict(random: Random) -> Verdict:
    reason = random.choice(LIKELY if random.random() < 0.7 else REASONS)
    stated_s = random.choice([0.0, 0.5, 2.0, 3.0, 4.0, 9.0, 60.0]) if random.random() < 0.4 else None
    return verdict(
        reason,
        stated_s,
        random.choice([None, 200, 302, 418, 429, 503]),
        should_retry=random.choice([None, None, None, True, False]),
        other_profile=reason is Reason.MODEL_NOT_FOUND and random.random() < 0.5,
    )


def some_chain(random: Random) -> Chain:
    policy = Policy(
        max_attempts=random.choice([None, None, 1, 2, 3, 5, 12]), max_wait_s=random.choice([None, None, 0.0, 1.0, 30.0])
    )
    entries: list[Entry] = []
    for _ in range(random.randint(1, 5)):
        entry = Entry(random.choice("pqrst"), random.choice("mno"))
        if entry not in entries:
            entries.append(entry)
    return chain(*(link(*some_targets(entry, random), policy=policy) for entry in entries))


def some_targets(entry: Entry, random: Random) -> list[Target]:
    urls = [f"https://{entry.provider}.test", f"https://eu.{entry.provider}.test"]
    return [target(entry.provider, entry.model, f"k{i}", random.choice(urls)) for i in range(random.randint(1, 4))]


@dataclass
class World:
    """A number of calls over one health, watched."""

    seed: int
    has_budget: bool

    def __post_init__(self) -> None:
        random = Random(self.seed)
        self.chain = some_chain(random)
        self.budget = CountedBudget(10.0 if self.has_budget else 0.0, 0.2 * self.has_budget, 0.2 * self.has_budget)
        self.failing = random.choice([0.3, 0.7, 1.0])
        self.traffic = Traffic(self.upstream, self.seed, self.budget)
        self.traffic.watch = self.watch
        self.holds: dict[tuple[str, ...], float] = {}
        when = 0.0
        for _ in range(12):
            when += random.choice([0.0, 0.1, 1.0, 8.0, 70.0])
            self.traffic.arrive(when, self.chain, random.choice([None, None, 0.4, 2.0, 6.0, 20.0]))
        self.traffic.run()

    def upstream(self, asked: Target, now: float, random: Random) -> Answer:
        for key in keys_of(asked).values():
            assert now >= self.holds.get(key, 0.0) - 1e-9, "asked earlier than it said"
        after_s = random.choice([0.01, 0.1, 0.5, 2.0])
        if random.random() >= self.failing:
            return Answer(after_s, None, random.choice([0.0, 1.0, 20.0]))
        told = some_verdict(random)
        self.traffic.at(now + after_s, lambda: self.hold(asked, told, now + after_s))
        return Answer(after_s, told)

    def hold(self, asked: Target, told: Verdict, now: float) -> None:
        """What a stated wait binds: the thing its reason blames, until then."""
        if told.retry_after_s is None or told.reason in STOPS or told.reason in REQUESTS_FAULT:
            return
        if told.reason in (Reason.AUTHENTICATION, Reason.BILLING):
            scope = "profile"
        elif told.reason in (Reason.PERMISSION, Reason.RATE_LIMITED, Reason.UNKNOWN, Reason.DEADLINE):
            scope = "pair"
        else:
            scope = "pair" if told.other_profile else "entry"
        if told.reason is not Reason.DEADLINE:
            key = keys_of(asked)[scope]
            self.holds[key] = max(self.holds.get(key, 0.0), now + told.retry_after_s)

    def watch(self, call: Call, start: Start) -> None:
        """Holds at every step, as the world is when it is taken."""
        now, health = self.traffic.now, self.traffic.health
        here = [sent for sent in call.sent if sent.start.link is start.link]
        tried = {sent.start.link.entry for sent in call.sent}
        ruled_out = {skip.entry for skip in call.course.skipped() if skip.cause is SkipCause.CAPABILITY}
        untried = [
            other
            for other in self.chain.links
            if other.entry not in tried | ruled_out
            and other is not start.link
            and any(health.unavailable(t, now) is None for t in other.targets)
        ]
        most = self.chain.links[0].policy.max_attempts or 8
        assert len(call.sent) < most
        if here and untried:
            only_credentials = all(sent.verdict and sent.verdict.reason in CREDENTIAL for sent in here)
            assert len(here) < (5 if only_credentials else 3)
            assert len(call.sent) < most - 2
        if not self.has_budget and start.kind is AttemptKind.RETRY:
            assert health.unavailable(start.target, now) is not None, "a retry without budget"
        assert now + start.wait_s <= call.deadline.first_content_by - 0.5
        if start.early:
            assert not any(health.unavailable(t, now) is None for other in untried for t in other.targets)
            assert health.may_probe_early(start.target, now)
        elif start.wait_s == 0.0:
            assert health.unavailable(start.target, now) is None or start.short


REQUESTS_FAULT = {
    Reason.CONTEXT_LENGTH,
    Reason.MAX_TOKENS,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.TOOL_SCHEMA,
    Reason.FOREIGN_REASONING,
}


def keys_of(asked: Target) -> dict[str, tuple[str, ...]]:
    entry = asked.entry
    return {
        "profile": (asked.key_id,),
        "pair": (asked.key_id, entry.model),
        "entry": (entry.provider, asked.base_url, entry.model),
    }


def expected_reason(call: Call, links: Chain) -> Reason:
    """The reason of a failed call, from what was sent and what was passed over."""
    last = call.sent[-1].verdict if call.sent else None
    if last is not None and last.reason in STOPS:
        return last.reason
    assert call.stop is not None
    if not call.sent:
        return Reason.ALL_UNAVAILABLE
    outcomes: dict[Entry, Reason | None] = {skip.entry: skip.reason for skip in call.course.skipped()}
    for sent in call.sent:
        assert sent.verdict is not None
        outcomes[sent.start.link.entry] = sent.verdict.reason
    reasons = [outcomes[one.entry] for one in links.links if outcomes.get(one.entry) is not None]
    temporary = [reason for reason in reasons if reason in TEMPORARY]
    if temporary and all(reason is Reason.RATE_LIMITED for reason in temporary):
        return Reason.RATE_LIMITED
    reason = (temporary or reasons)[0]
    assert reason is not None
    return reason


@settings(max_examples=250)
@given(st.integers(0, 2**32), st.booleans())
def test_what_holds_for_every_walk(seed: int, has_budget: bool) -> None:
    world = World(seed, has_budget)
    for call in world.traffic.calls:
        assert (call.stop is None) == (call.answered_by is not None), "it ends, one way"
        check_ending(call, world.chain)
        for sent in call.sent:
            assert sent.at <= call.deadline.first_content_by - 0.5 + TIMER_S
        passed_over = {skip.entry for skip in call.course.skipped()}
        assert not passed_over & {sent.start.link.entry for sent in call.sent}
    longest = world.chain.links[0].policy.max_wait_s
    longest_s = 10.0 if longest is None else longest
    waited_s = sum(sum(call.waits) for call in world.traffic.calls)
    assert waited_s <= longest_s * len(world.traffic.calls) + 3.0 * world.budget.drawn + TIMER_S
    if not has_budget:
        assert all(sum(call.waits) <= longest_s + TIMER_S for call in world.traffic.calls)
        assert all(len(call.waits) <= 2 for call in world.traffic.calls)
    assert world.traffic.health.open_tickets == 0


def check_ending(call: Call, links: Chain) -> None:
    for i, sent in enumerate(call.sent):
        if sent.verdict is not None and sent.verdict.reason in STOPS:
            assert i == len(call.sent) - 1
            assert call.stopped_at == sent.failed_at
    if call.stop is None:
        return
    assert call.stopped_at is not None
    is_late = call.stopped_at > call.deadline.first_content_by - 0.5
    if call.stop.reason is not Reason.DEADLINE or not is_late:
        assert call.stop.reason is expected_reason(call, links)
