"""The assistant's turn, put together from what reached the caller."""

from __future__ import annotations

from sidecar.core.assembly import Assembly
from sidecar.core.content import Part, Reasoning, Text
from sidecar.core.events import Delta, Kind, PartCompleted


def test_reasoning_its_provider_does_not_show_is_a_part_that_holds_its_state() -> None:
    assembly = Assembly()
    assembly.add(Delta(Kind.TEXT, 1, "hi"))
    assembly.complete(PartCompleted(0, "vendor", b"state"))
    assembly.complete(PartCompleted(1, "vendor"))
    assert assembly.message().parts == (Part(Reasoning(""), "vendor", b"state"), Part(Text("hi"), "vendor"))


def test_a_part_without_content_and_state_is_none() -> None:
    assembly = Assembly()
    assembly.complete(PartCompleted(0, "vendor"))
    assert assembly.message().parts == ()
