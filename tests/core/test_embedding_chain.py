"""Which entries may be asked for vectors, and what a request for them counts as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.catalog import Alias, Catalog, Credential, Feature, Model, Profile, Provider, Target
from sidecar.core.chain import Candidates, Chain, build_chain
from sidecar.core.content import Embedding, Request
from sidecar.core.errors import CallError
from sidecar.core.limit import expected_tokens
from sidecar.core.reasons import Reason

PROFILES = (Profile("main", Credential("none")),)


def provider(name: str, protocol: str = "openai", model: Model | None = None, **more: object) -> Provider:
    models = {"m": replace(model or Model("m"), fallbacks=("d/m",))}
    return Provider(name, protocol, "http://x", PROFILES, models, **more)  # type: ignore[arg-type]


CATALOG = Catalog(
    {
        "a": provider("a", fallbacks=("d/m",)),
        "b": provider("b"),
        "claude": provider("claude", "anthropic"),
        "d": provider("d"),
    },
    {
        "same": Alias("same", ("a/m", "b/m"), ("d/m",), interchangeable=True),
        "mixed": Alias("mixed", ("a/m", "b/m"), ("d/m",)),
        "wires": Alias("wires", ("claude/m", "b/m"), interchangeable=True),
    },
    fallbacks=("d/m",),
)


def chain(model: str, *inputs: str, catalog: Catalog = CATALOG, remembered: Candidates | None = None) -> Chain:
    request = Request(model, (), embedding=Embedding(inputs or ("x",)))
    return build_chain(request, catalog, lambda entry: (Target(entry, "main", "http://x", "k"),), remembered)


def entries(model: str) -> list[str]:
    return [str(link.entry) for link in chain(model).links]


def test_interchangeable_targets_follow_each_other_and_no_fallback_follows_them() -> None:
    assert entries("same") == ["a/m", "b/m"]


@pytest.mark.parametrize("model", ["mixed", "a/m"])
def test_any_other_name_means_its_first_entry_alone(model: str) -> None:
    assert entries(model) == ["a/m"]


def test_an_answer_and_vectors_from_one_name_are_remembered_apart() -> None:
    remembered = Candidates()
    answers = build_chain(
        Request("mixed", ()), CATALOG, lambda entry: (Target(entry, "main", "http://x", "k"),), remembered
    )
    assert len(answers.links) == 3
    assert len(chain("mixed", remembered=remembered).links) == 1
    assert len(chain("mixed", remembered=remembered).links) == 1


def test_a_wire_without_embeddings_is_skipped_for_it() -> None:
    found = chain("wires")
    assert [str(link.entry) for link in found.links] == ["b/m"]
    assert [skip.message for skip in found.skipped] == ["cannot do embeddings"]


def test_nothing_but_such_a_wire_is_a_missing_capability_by_name() -> None:
    with pytest.raises(CallError) as raised:
        chain("claude/m")
    assert raised.value.reason is Reason.CAPABILITY
    assert raised.value.metadata == {"missing": "embeddings"}


def test_a_list_of_capabilities_says_nothing_of_embeddings() -> None:
    known = replace(CATALOG, providers={"a": provider("a", model=Model("m", features=frozenset({Feature.TOOLS})))})
    assert len(chain("a/m", catalog=replace(known, aliases={}, fallbacks=())).links) == 1


def test_each_text_has_the_window_to_itself() -> None:
    small = replace(
        CATALOG, providers={"a": provider("a", model=Model("m", context_window=10))}, aliases={}, fallbacks=()
    )
    assert len(chain("a/m", *["x" * 60] * 50, catalog=small).links) == 1
    with pytest.raises(CallError) as raised:
        chain("a/m", "x", "ä" * 33, catalog=small)
    assert raised.value.reason is Reason.CONTEXT_LENGTH
    assert "cannot do context of 11 tokens" in raised.value.message


def test_vectors_take_no_tokens_of_a_limit() -> None:
    assert expected_tokens(Request("m", (), embedding=Embedding(("x",)), size_bytes=400)) == 100
