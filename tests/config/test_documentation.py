"""docs/configuration.md names every setting with the default and bounds that the models have."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import StringConstraints, ValidationError
from pydantic.fields import FieldInfo

from sidecar.config.loading import load_text
from sidecar.config.models import File
from sidecar.config.presets import PRESETS
from sidecar.config.section import Section
from sidecar.config.shape import settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `([^`]+)` \|(.+)\|$")
POLICY_PLACES = ("providers.*.policy", "providers.*.models.*.policy", "aliases.*.policy")


def default_text(field: FieldInfo) -> str:
    """The default as the page shows it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ([], {}) or isinstance(value, Section):
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}" if value < 1000 else f"{value:.0f}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def bounds_text(field: FieldInfo) -> str:
    """The bounds as the page shows them."""
    found: list[str] = []
    for part in (*field.metadata, *_parts(field.annotation)):
        if isinstance(part, type) and issubclass(part, StrEnum):
            found.append(", ".join(part))
        for key, sign in (("gt", "> "), ("ge", "≥ "), ("le", "≤ ")):
            if (bound := getattr(part, key, None)) is not None:
                found.append(f"{sign}{bound:g}" if bound < 1_000_000 else f"{sign}{int(bound)}")
    return "; ".join(dict.fromkeys(found)) or "–"


def _parts(annotation: Any) -> list[Any]:
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, Section)):
        return []
    parts: list[Any] = [annotation]
    for part in get_args(annotation):
        if isinstance(part, FieldInfo):
            parts += part.metadata
        elif not isinstance(part, StringConstraints):
            parts += _parts(part)
    return parts


def documented_settings() -> dict[str, FieldInfo]:
    """The settings that have a row of their own: switches have theirs under `policy` only."""
    return {path: field for path, field in settings() if not path.startswith(tuple(p + "." for p in POLICY_PLACES))}


def rows() -> dict[str, list[str]]:
    """The cells after the setting's name: meaning, unit, default, bounds, example."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {m.group(1): [cell.strip() for cell in m.group(2).split(" | ")] for line in lines if (m := ROW.match(line))}


def test_every_setting_has_a_row_and_every_row_a_setting() -> None:
    assert set(rows()) == set(documented_settings())


def test_switches_are_the_same_wherever_a_policy_may_stand() -> None:
    paths = {path for path, _ in settings()}
    switches = {path for path in paths if path.startswith("aliases.*.policy.")}
    for place in POLICY_PLACES:
        assert {path.replace("aliases.*.policy", place) for path in switches} <= paths
    assert {path.replace("aliases.*.policy", "policy") for path in switches} <= paths


def test_every_row_says_meaning_unit_default_bounds_and_an_example() -> None:
    for path, cells in rows().items():
        assert len(cells) == 5, path
        assert all(cells), path


@pytest.mark.parametrize("path", sorted(documented_settings()))
def test_the_page_has_the_default_and_the_bounds_of_the_model(path: str) -> None:
    field = documented_settings()[path]
    assert rows()[path][2:4] == [default_text(field), bounds_text(field)]


@pytest.mark.parametrize("path", sorted(documented_settings()))
def test_the_example_of_each_setting_is_accepted(path: str) -> None:
    value: Any = yaml.safe_load(rows()[path][4].strip("`"))
    place: list[str | int] = []
    for step in reversed(path.replace("[]", ".0").split(".")):
        value = [value] if step == "0" else {_named(step, path): value}
        place.insert(0, 0 if step == "0" else _named(step, path))
    assert not [e for e in _errors(value) if list(e["loc"][: len(place)]) == place and e["type"] != "missing"]


def _errors(value: Any) -> list[Any]:
    try:
        File.model_validate(value)
    except ValidationError as error:
        return list(error.errors())
    return []


def _named(step: str, path: str) -> str:
    return step if step != "*" else "OVERLOADED" if "dispositions" in path else "x"


def test_every_preset_stands_on_the_page_with_its_variables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, preset in PRESETS.items():
        assert f"| {name} | {preset.protocol} | {preset.base_url or 'to be given: ' + preset.url_example} |" in text
        assert preset.base_url_variable(name) in text


def test_the_first_yaml_of_the_page_is_a_whole_configuration() -> None:
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n", 1)[1].split("```", 1)[0]
    loaded = load_text(text, {"OPENAI_API_KEY": "k1", "OPENROUTER_API_KEY": "k2"}, Path())
    assert loaded.for_serving().catalog.aliases["smart"].targets == ("openai/gpt-x", "openrouter/vendor/model-y")
