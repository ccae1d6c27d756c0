"""`remora schema`: the configuration's JSON Schema."""

from __future__ import annotations

import json

from .models import File


def text() -> str:
    """JSON Schema (2020-12), indented, with a line break at its end."""
    schema = File.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
