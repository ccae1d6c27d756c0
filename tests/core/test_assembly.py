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


def test_parts_are_told_in_order_with_their_kind_and_whether_they_are_whole() -> None:
    assembly = Assembly()
    assembly.add(Delta(Kind.TOOL_CALL, 2, "{", "a", "look"))
    assembly.add(Delta(Kind.TEXT, 0, "h"))
    assembly.add(Delta(Kind.TEXT, 0, "i"))
    assembly.complete(PartCompleted(1, "vendor", b"state"))
    assembly.complete(PartCompleted(2, "vendor"))
    shapes = [(0, Kind.TEXT, False), (1, Kind.REASONING, True), (2, Kind.TOOL_CALL, True)]
    assert assembly.shapes() == shapes
    assert (assembly.text_of(0), assembly.text_of(1), assembly.text_of(2)) == ("hi", "", "{")
    assert (assembly.pieces_of(0), assembly.pieces_of(2), assembly.characters) == (2, 1, len("look{hi"))


def test_a_void_part_is_gone_and_its_index_is_not_used_again() -> None:
    assembly = Assembly()
    assert assembly.next_index == 0
    assembly.add(Delta(Kind.TEXT, 0, "hi"))
    assembly.add(Delta(Kind.TOOL_CALL, 4, "{"))
    assembly.add(Delta(Kind.TEXT, 0, "!"))
    assert assembly.next_index == 5
    assembly.discard(4)
    assert assembly.next_index == 5
    assert assembly.shapes() == [(0, Kind.TEXT, False)]
    assert assembly.message().parts == (Part(Text("hi!")),)


def test_a_part_that_only_has_state_has_an_index_too() -> None:
    assembly = Assembly()
    assembly.complete(PartCompleted(3, "vendor"))
    assert assembly.next_index == 0
    assembly.complete(PartCompleted(3, "vendor", b"state"))
    assert assembly.next_index == 4
    assembly.complete(PartCompleted(1, "vendor", b"state"))
    assert assembly.next_index == 4


def test_of_a_text_nobody_needs_the_shape_is_still_known() -> None:
    assembly = Assembly()
    assembly.add(Delta(Kind.TEXT, 0, "hi"))
    assembly.forget_text()
    assembly.add(Delta(Kind.TEXT, 0, "!"))
    assembly.add(Delta(Kind.TOOL_CALL, 1, "{}"))
    assembly.complete(PartCompleted(1, "vendor"))
    assert (assembly.text_of(0), assembly.text_of(1)) == ("", "")
    assert assembly.shapes() == [(0, Kind.TEXT, False), (1, Kind.TOOL_CALL, True)]
    assert (assembly.characters, assembly.pieces_of(0), assembly.next_index) == (5, 0, 2)
