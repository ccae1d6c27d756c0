"""A prompt that exceeds a declared window, known before anything is sent, by each of the four policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.catalog import Catalog, Feature, Model
from sidecar.core.chain import Chain, build_chain
from sidecar.core.content import Embedding, Image, Message, Part, Request, Role, Tool
from sidecar.core.errors import CallError
from sidecar.core.overflow import REMEDIES
from sidecar.core.policy import OnContextOverflow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import catalog, provider, targets_of, verdict
from .repair_walk import RepairWalk, talk
from .walk import KIND, cool

FAIL, LARGER = OnContextOverflow.FAIL, OnContextOverflow.LARGER_WINDOW
TRUNCATE, THEN = OnContextOverflow.TRUNCATE, OnContextOverflow.LARGER_WINDOW_THEN_TRUNCATE
OVERFLOW = Reason.CONTEXT_LENGTH
DROPPED = "the 3 oldest turns left out of the conversation"


def windows(**sizes: int | None) -> Catalog:
    """A provider with one model, both of this name, for each window; None: it is not declared."""
    return catalog(*(provider(name, (Model(name, context_window=size),), (name,)) for name, size in sizes.items()))


def said(policy: OnContextOverflow | None, turns: int = 5, **fields: Any) -> Request:
    """So many turns of 100 tokens, at four bytes each; asked of `p`, then of all others by the catalog."""
    asked = talk(turns, policy=Policy(on_context_overflow=policy), **fields)
    return replace(asked, model="p", size_bytes=turns * 600)


def built(asked: Request, known: Catalog) -> Chain:
    others = tuple(name for name in known.providers if name != "p")
    return build_chain(replace(asked, fallback_models=others), known, targets_of(known))


def refused(asked: Request, known: Catalog) -> CallError:
    with pytest.raises(CallError) as raised:
        built(asked, known)
    return raised.value


def walk_of(asked: Request, known: Catalog) -> RepairWalk:
    """Walked up to its first step."""
    walk = RepairWalk(*built(asked, known).links, asked=asked)
    walk.next()
    return walk


def order(found: Chain) -> list[tuple[str, bool, bool]]:
    return [(link.entry.provider, link.is_shortened, link.behind is not None) for link in found.links]


def skips(found: Chain) -> list[tuple[str, SkipCause, str]]:
    return [(skip.entry.provider, skip.cause, skip.message) for skip in found.skipped]


def test_truncate_keeps_an_entry_in_its_place_and_drops_turns_before_anything_is_sent() -> None:
    walk = walk_of(said(TRUNCATE), windows(p=250, q=5000))
    assert [(name, sent.turns_dropped) for name, sent in walk.sent] == [("p", 3)]
    assert [(repair.reason, repair.message) for repair in walk.repairs] == [(OVERFLOW, DROPPED)]
    assert walk.made == [("p", KIND.FIRST)]


@pytest.mark.parametrize("turns", [4, 5, 6, 10, 40])
def test_a_chat_that_grows_past_a_declared_window_goes_on_being_truncated(turns: int) -> None:
    for policy in (TRUNCATE, THEN):
        walk = walk_of(said(policy, turns), windows(p=250))
        assert [(name, sent.turns_dropped) for name, sent in walk.sent] == [("p", turns - 2)]


def test_one_turn_is_told_as_one() -> None:
    assert walk_of(said(TRUNCATE, 3), windows(p=250)).told == ["the 1 oldest turn left out of the conversation"]


def test_what_fits_a_declared_window_is_sent_as_asked() -> None:
    walk = walk_of(said(TRUNCATE), windows(p=500))
    assert (walk.told, walk.adjustment.turns_dropped) == ([], 0)


def test_the_truncated_prompt_that_fails_otherwise_goes_on_whole_where_it_fits() -> None:
    walk = walk_of(said(TRUNCATE), windows(p=250, q=5000))
    assert walk.refuse(Reason.TIMEOUT) == "q"
    assert walk.adjustment.turns_dropped == 0
    assert walk.told == [DROPPED]


@pytest.mark.parametrize("policy", [TRUNCATE, THEN])
def test_a_truncated_prompt_that_is_refused_still_loses_half_of_what_was_left_and_then_the_call_ends(
    policy: OnContextOverflow,
) -> None:
    walk = walk_of(said(policy, 10), windows(p=750))
    assert [walk.refuse(OVERFLOW, limit=750), walk.refuse(OVERFLOW)] == ["p", OVERFLOW]
    assert [sent.turns_dropped for _, sent in walk.sent] == [3, 7]
    assert walk.told == [DROPPED, "the 7 oldest turns left out of the conversation"]
    assert walk.stop.message == f"1 entry failed: p/p CONTEXT_LENGTH 400; {REMEDIES}"


def test_a_truncated_prompt_that_has_nothing_more_to_lose_ends_the_call() -> None:
    walk = walk_of(said(TRUNCATE, 2), windows(p=150, q=5000))
    assert walk.refuse(OVERFLOW) == OVERFLOW
    assert [sent.turns_dropped for _, sent in walk.sent] == [1]


@pytest.mark.parametrize("policy", [TRUNCATE, THEN])
def test_with_nothing_to_drop_the_entry_is_passed_over_and_the_error_names_the_remedies(
    policy: OnContextOverflow,
) -> None:
    single = replace(said(policy, 1), size_bytes=3000)
    found = built(single, windows(p=250, q=5000))
    assert order(found) == [("q", False, False)]
    assert skips(found) == [("p", SkipCause.CAPABILITY, "cannot do context of 500 tokens")]
    error = refused(single, windows(p=250))
    assert (error.reason, error.attempted) == (OVERFLOW, False)
    assert error.message == f"the prompt is too long: p/p cannot do context of 500 tokens; {REMEDIES}"


@pytest.mark.parametrize("policy", [TRUNCATE, THEN])
@pytest.mark.parametrize(("output", "is_kept"), [(249, True), (250, False)])
def test_no_turns_are_dropped_where_the_output_asked_for_fills_the_window_alone(
    policy: OnContextOverflow, output: int, is_kept: bool
) -> None:
    found = built(said(policy, max_output_tokens=output), windows(p=250, q=5000))
    assert ("p" in {link.entry.provider for link in found.links}) is is_kept


def test_a_larger_window_comes_first_and_turns_are_dropped_when_none_has_answered() -> None:
    known = windows(p=250, q=5000, r=None, s=300)
    found = built(said(THEN), known)
    assert order(found) == [("q", False, False), ("r", False, False), ("p", True, True), ("s", True, True)]
    assert (found.first.provider, found.skipped) == ("p", ())
    walk = walk_of(said(THEN), known)
    failures = (Reason.CONNECTION, Reason.MODEL_NOT_FOUND, Reason.TIMEOUT, Reason.TIMEOUT)
    assert [walk.refuse(reason) for reason in failures] == ["r", "p", "s", Reason.CONNECTION]
    assert [(name, sent.turns_dropped) for name, sent in walk.sent] == [("q", 0), ("r", 0), ("p", 3), ("s", 2)]
    assert walk.told == [DROPPED, "the 2 oldest turns left out of the conversation"]
    assert walk.course.skipped() == ()


def test_what_was_left_for_last_is_reported_as_skipped_until_it_is_asked() -> None:
    known = windows(p=250, q=5000)
    walk = walk_of(said(THEN), known)
    assert [(str(skip.entry), skip.cause, skip.message) for skip in walk.course.skipped()] == [
        ("p/p", SkipCause.CAPABILITY, "cannot do context of 500 tokens")
    ]
    assert walk.refuse(Reason.TIMEOUT) == "p"
    assert walk.course.skipped() == ()


def test_what_was_left_for_last_and_may_not_be_asked_then_says_why() -> None:
    known = windows(p=250, q=5000)
    links = built(said(THEN), known).links
    walk = RepairWalk(*links, asked=said(THEN))
    cool(walk.health, links[1].targets[0], verdict(Reason.RATE_LIMITED, 600.0), walk.now)
    assert walk.next() == "q"
    walk.refuse(Reason.MODEL_NOT_FOUND)
    assert [(str(skip.entry), skip.cause) for skip in walk.course.skipped()] == [("p/p", SkipCause.COOLING)]


def test_a_larger_window_that_refuses_the_prompt_too_leaves_it_to_the_truncated_one() -> None:
    walk = walk_of(said(THEN), windows(p=250, q=None))
    assert [walk.refuse(OVERFLOW), walk.refuse(Reason.TIMEOUT)] == ["p", "q"]
    assert [sent.turns_dropped for _, sent in walk.sent] == [0, 3, 3]


def test_a_refusal_that_names_a_limit_rules_no_shortened_prompt_out() -> None:
    walk = walk_of(said(THEN), windows(p=250, q=None))
    assert walk.made == [("q", KIND.FIRST)]
    assert [walk.refuse(OVERFLOW, limit=400), walk.refuse(OVERFLOW, limit=400)] == ["q", "p"]
    assert walk.adjustment.turns_dropped == 3


def test_where_no_window_is_larger_turns_are_dropped_at_once_and_the_others_are_ordinary() -> None:
    assert order(built(said(THEN), windows(p=250, q=300))) == [("p", True, False), ("q", True, False)]


@pytest.mark.parametrize(("policy", "hedged"), [(THEN, None), (TRUNCATE, "p")])
def test_no_truncated_prompt_is_asked_beside_a_whole_one_that_was_to_come_first(
    policy: OnContextOverflow, hedged: str | None
) -> None:
    known = windows(q=5000, p=250)
    asked = replace(said(policy), model="q", fallback_models=("p",))
    walk = RepairWalk(*build_chain(asked, known, targets_of(known)).links, asked=asked)
    assert walk.next() == "q"
    start = walk.course.hedge(walk.now)
    assert (start and start.target.profile) == hedged


def test_fail_ends_the_call_before_any_attempt_though_a_larger_window_is_there() -> None:
    error = refused(said(FAIL), windows(p=250, q=5000))
    assert (error.reason, error.attempted) == (OVERFLOW, False)
    assert error.message == f"the prompt is too long: p/p cannot do context of 500 tokens; {REMEDIES}"


def test_fail_is_for_the_first_entry_that_could_do_it_otherwise() -> None:
    bare = provider("b", (Model("b", features=frozenset(), context_window=250),))
    blind = replace(said(FAIL), model="b", fallback_models=("p",), tools=(Tool("look"),))
    policy = Policy(on_context_overflow=FAIL)
    for window, fits in ((250, False), (5000, True)):
        known = catalog(bare, provider("p", (Model("p", context_window=window),), policy=policy))
        if fits:
            assert order(build_chain(blind, known, targets_of(known))) == [("p", False, False)]
        else:
            with pytest.raises(CallError, match="the prompt is too long: p/p cannot"):
                build_chain(blind, known, targets_of(known))


def test_fail_passes_over_a_later_entry_that_the_first_needs_not() -> None:
    found = built(said(FAIL), windows(p=5000, q=250))
    assert order(found) == [("p", False, False)]
    assert skips(found) == [("q", SkipCause.CAPABILITY, "cannot do context of 500 tokens")]


@pytest.mark.parametrize("ours", [THEN, LARGER])
def test_a_later_entry_that_fails_ends_nothing_that_an_earlier_one_may_do(ours: OnContextOverflow) -> None:
    known = catalog(
        provider("p", (Model("p", context_window=250),), policy=Policy(on_context_overflow=ours)),
        provider("q", (Model("q", context_window=250),), policy=Policy(on_context_overflow=FAIL)),
    )
    asked = said(None)
    if ours is THEN:
        assert order(built(asked, known)) == [("p", True, False)]
    else:
        assert refused(asked, known).message == (
            f"the prompt is too long: q/q cannot do context of 500 tokens; {REMEDIES}"
        )


@pytest.mark.parametrize("policy", [None, LARGER])
def test_by_default_the_next_entry_is_asked_as_the_caller_asked(policy: OnContextOverflow | None) -> None:
    found = built(said(policy), windows(p=250, q=5000, r=None))
    assert order(found) == [("q", False, False), ("r", False, False)]
    assert skips(found) == [("p", SkipCause.CAPABILITY, "cannot do context of 500 tokens")]


@pytest.mark.parametrize("policy", [None, LARGER])
def test_where_only_the_window_was_missing_everywhere_the_error_says_what_helps(
    policy: OnContextOverflow | None,
) -> None:
    error = refused(said(policy), windows(p=250, q=300))
    both = "p/p cannot do context of 500 tokens; q/q cannot do context of 500 tokens"
    assert (error.reason, error.metadata) == (OVERFLOW, {})
    assert error.message == f"the prompt is too long: {both}; {REMEDIES}"


def test_where_something_else_was_missing_too_the_error_names_all_of_it() -> None:
    plain = Model("q", features=frozenset({Feature.IMAGES}))
    known = catalog(provider("p", (Model("p", context_window=250),)), provider("q", (plain,)))
    error = refused(replace(said(None), tools=(Tool("look"),)), known)
    assert error.reason is Reason.CAPABILITY
    assert error.metadata == {"missing": "context of 500 tokens, tools"}
    small = Model("p", features=frozenset(), context_window=250)
    both = refused(replace(said(TRUNCATE), tools=(Tool("look"),)), catalog(provider("p", (small,))))
    assert both.metadata == {"missing": "context of 500 tokens, tools"}


def test_boundaries_are_asked_before_windows() -> None:
    asked = replace(said(FAIL), policy=Policy(on_context_overflow=FAIL, never_providers=("p",)))
    assert order(built(asked, windows(p=250, q=5000))) == [("q", False, False)]
    alone = refused(asked, windows(p=250))
    assert alone.reason is Reason.INVALID_INPUT
    mixed = replace(asked, policy=Policy(never_providers=("p",)))
    assert refused(mixed, windows(p=250, q=250)).reason is OVERFLOW


def test_an_image_too_large_is_no_window_too_small() -> None:
    known = catalog(provider("p", (Model("p", context_window=250, max_image_bytes=4),)))
    turn = Message(Role.USER, (Part(Image(b"12345")),))
    assert refused(Request("p", (turn,)), known).metadata == {"missing": "images over 4 bytes"}


def test_texts_to_embed_have_no_turns_to_drop() -> None:
    asked = Request("p", (), policy=Policy(on_context_overflow=TRUNCATE), embedding=Embedding(("x" * 3000,)))
    assert refused(asked, windows(p=250)).reason is OVERFLOW
