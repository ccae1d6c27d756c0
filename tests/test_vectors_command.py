"""`remora classify FILE`: one JSON line an answer, or every problem with its line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.vectors import run

VECTORS = Path(__file__).parent / "vectors"
ONE = "- {id: a, protocol: openai, status: 429, headers: {retry-after: '7'}, body: ''}\n"


def ran(path: Path) -> tuple[int, list[dict[str, Any]], str]:
    out, err = io.StringIO(), io.StringIO()
    code = run(str(path), out, err)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_vector_is_printed_in_order_and_as_expected(path: Path) -> None:
    vectors = yaml.safe_load(path.read_text(encoding="utf-8"))
    nothing = {"retry_after_s": None, "limit": None, "parameter": None}
    code, lines, err = ran(path)
    assert (code, err) == (0, "")
    assert lines == [{"id": vector["id"], **nothing, **vector["expect"]} for vector in vectors]


def test_a_line_has_the_five_fields_and_nothing_else(tmp_path: Path) -> None:
    out = io.StringIO()
    assert run(str(written(tmp_path, ONE)), out, io.StringIO()) == 0
    assert out.getvalue() == '{"id":"a","reason":"RATE_LIMITED","retry_after_s":7,"limit":null,"parameter":null}\n'


def test_headers_body_and_now_may_be_left_out(tmp_path: Path) -> None:
    code, lines, _ = ran(written(tmp_path, "- {id: a, protocol: openai, status: 503}\n"))
    assert (code, lines[0]["reason"]) == (0, "SERVER_ERROR")


@pytest.mark.parametrize(
    "now", ["'2026-11-21T03:00:00Z'", "2026-11-21T03:00:00Z", "'2026-11-21T03:00:00'", "1795230000", "1795230000.0"]
)
def test_now_may_be_a_time_or_a_number(tmp_path: Path, now: str) -> None:
    text = f"- {{id: a, protocol: openai, status: 429, headers: {{retry-after: '2026-11-21T03:00:09Z'}}, now: {now}}}\n"
    assert ran(written(tmp_path, text))[1][0]["retry_after_s"] == 9


def test_now_is_the_current_time_when_it_is_left_out(tmp_path: Path) -> None:
    text = "- {id: a, protocol: openai, status: 429, headers: {retry-after: '2020-01-01T00:00:00Z'}}\n"
    assert ran(written(tmp_path, text))[1][0]["retry_after_s"] is None


def test_numbers_in_headers_and_bytes_in_bodies_are_taken(tmp_path: Path) -> None:
    text = (
        "- {id: a, protocol: openai, status: 429, headers: {Retry-After: 2.5}, body: !!binary 'eyJlcnJvciI6ICJ4In0='}\n"
    )
    assert ran(written(tmp_path, text))[1][0]["retry_after_s"] == 2.5


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert ran(missing) == (1, [], f"{missing}: cannot be read: No such file or directory\n")
    assert ran(tmp_path)[0] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {id: a\n", "is not YAML"),
        ("a: [\n", "is not YAML"),
        ("- \x00\n", "is not YAML"),
        ("- !!python/object:os.system {}\n", "is not YAML"),
        ("- 2026-13-45\n", "is not YAML"),
        ("", "must be a YAML list"),
        ("id: a\n", "must be a YAML list"),
        ("text\n", "must be a YAML list"),
        ("- {id: a}\n--- \n- {id: b}\n", "is not YAML"),
    ],
)
def test_a_file_that_is_no_list_of_entries_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path, text)
    code, lines, err = ran(path)
    assert (code, lines) == (1, [])
    assert err.startswith(f"{path}: {problem}")
    assert err.count("\n") == 1


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"- \xff\xfe\xfa\n")
    code, lines, err = ran(path)
    assert (code, lines) == (1, [])
    assert err.startswith(f"{path}: is not YAML")


def test_a_list_nested_too_deep_is_refused(tmp_path: Path) -> None:
    code, _, err = ran(written(tmp_path, "[" * 5000))
    assert code == 1
    assert "is not YAML" in err


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("text", "entry 2: must be a mapping"),
        ("{protocol: openai, status: 400}", "entry 2: id missing"),
        ("{id: b}", "entry b: protocol, status missing"),
        ("{id: 5, protocol: openai, status: 400}", "entry 2: id must be a text"),
        ("{id: '', protocol: openai, status: 400}", "id must be a text"),
        ("{id: b, protocol: smtp, status: 400}", "entry b: protocol must be one of anthropic, bedrock, gemini, openai"),
        ("{id: b, protocol: [openai], status: 400}", "entry b: protocol must be one of"),
        ("{id: b, protocol: openai, status: '400'}", "entry b: status must be a whole number"),
        ("{id: b, protocol: openai, status: true}", "entry b: status must be a whole number"),
        ("{id: b, protocol: openai, status: 42}", "entry b: status must be a whole number"),
        ("{id: b, protocol: openai, status: 400, headers: [a]}", "entry b: headers must be a mapping"),
        ("{id: b, protocol: openai, status: 400, headers: {a: [b]}}", "entry b: header 'a' must be a text"),
        ("{id: b, protocol: openai, status: 400, headers: {1: b}}", "entry b: header 1 must be a text"),
        ("{id: b, protocol: openai, status: 400, headers: {a: true}}", "entry b: header 'a' must be a text"),
        ("{id: b, protocol: openai, status: 400, body: {a: b}}", "entry b: body must be a text"),
        ("{id: b, protocol: openai, status: 400, now: yesterday}", "entry b: now must be a time"),
        ("{id: b, protocol: openai, status: 400, now: -1}", "entry b: now must be a time"),
        ("{id: b, protocol: openai, status: 400, now: true}", "entry b: now must be a time"),
        ("{id: b, protocol: openai, status: 400, now: .nan}", "entry b: now must be a time"),
    ],
)
def test_a_bad_entry_is_named_with_its_line_and_nothing_is_printed(tmp_path: Path, entry: str, problem: str) -> None:
    path = written(tmp_path, f"# comment\n{ONE}- {entry}\n")
    code, lines, err = ran(path)
    assert (code, lines) == (1, [])
    assert err.startswith(f"{path}:3: ")
    assert problem in err


def test_all_bad_entries_are_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, f"- {{id: a}}\n{ONE}- {{id: b, protocol: openai, status: x}}\n")
    err = ran(path)[2].splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in err] == ["1", "3"]
