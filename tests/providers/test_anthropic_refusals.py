"""Refusals of what a model of this wire format does not take, which another entry may."""

from __future__ import annotations

import orjson
import pytest

from sidecar.core.reasons import Reason
from sidecar.providers.anthropic import Anthropic


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ("Thinking may not be enabled when tool_choice forces tool use.", "thinking"),
        ("role 'system' is not supported on this model", "system"),
        ("'claude-3-haiku-20240307' does not support output format.", "output_config.format"),
        ("output_config.format: This model does not support structured outputs.", "output_config.format"),
        ("This model does not support assistant message prefill.", "prefill"),
        ('"thinking.type.enabled" is not supported for this model.', "thinking.type.enabled"),
    ],
)
def test_a_refused_setting_is_named(message: str, parameter: str) -> None:
    body = orjson.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}})
    verdict = Anthropic().classify(400, {}, body, 0.0)
    assert (verdict.reason, verdict.parameter) == (Reason.UNSUPPORTED_PARAMETER, parameter)
