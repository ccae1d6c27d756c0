"""What every part of the configuration file shares: strictness, and the kinds of values with their bounds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator


class Section(BaseModel):
    """A mapping of known settings: anything else in it is an error; null is the same as leaving a setting out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if data is None:
            return {}
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, dict) else data


NAME_PATTERN = r"^[a-z0-9._-]+$"
MODEL_ID_PATTERN = r"^\S+$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=100)]
ModelId = Annotated[str, StringConstraints(pattern=MODEL_ID_PATTERN, max_length=300)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Hidden = Annotated[str | None, Field(repr=False)]
"""Where a secret comes from; hidden since somebody may write the secret itself there."""

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Ratio = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
RatioOrZero = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Capacity = Annotated[float, Field(ge=1, le=1_000_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]
CountOrZero = Annotated[int, Field(ge=0, le=10_000)]
Tokens = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bytes = Annotated[int, Field(ge=1, le=1_099_511_627_776)]
RateLimit = Annotated[int, Field(ge=1, le=1_000_000_000)]
MicroDollars = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
