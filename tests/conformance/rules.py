"""The rules: their ids, and which of them are not built yet."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def rules() -> dict[str, dict[str, Any]]:
    """Every rule by its id: `says`; `elsewhere` where a test of another folder shows it, as path::name."""
    return {rule["id"]: rule for rule in yaml.safe_load((FOLDER / "rules.yaml").read_text())}


@cache
def pending() -> dict[str, dict[str, Any]]:
    """Every rule that is not built: `why`; the `configuration` or `request` that is refused today."""
    return {rule["id"]: rule for rule in yaml.safe_load((FOLDER / "pending.yaml").read_text())}
