"""Whether a trace is kept, decided when its rpc arrives: OpenTelemetry's own samplers, by their standard names."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Decision, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from .plan import Configured, Environment

SAMPLERS = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)
DEFAULT_SAMPLER = "parentbased_always_on"
_BY_PARENT: Mapping[bool | None, bool] = {True: True, False: False}


class Sampling:
    """Asks one sampler. `known`: its answers that are always the same, by the parent's flag: every call waits for them.

    The two kinds of parent are made once, since only their flag matters.
    """

    def __init__(self, sampler: Sampler, known: Mapping[bool | None, bool]) -> None:
        self._sampler = sampler
        self._known = known
        self._parents = {None: None, True: _parent(True), False: _parent(False)}

    def sampled(self, trace_id: str, parent_is_sampled: bool | None) -> bool:
        """`trace_id`: 32 hexadecimal digits. `parent_is_sampled` None: the trace begins here."""
        known = self._known.get(parent_is_sampled)
        if known is not None:
            return known
        parent = self._parents[parent_is_sampled]
        decision = self._sampler.should_sample(parent, int(trace_id, 16), "").decision
        return decision is Decision.RECORD_AND_SAMPLE


def _parent(is_sampled: bool) -> Context:
    flags = TraceFlags(TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT)
    return set_span_in_context(NonRecordingSpan(SpanContext(1, 1, is_remote=True, trace_flags=flags)), Context())


def sampling(settings: Configured, found: Environment) -> Sampling:
    """The configured ratio under the parent's decision; else as OTEL_TRACES_SAMPLER and its _ARG say."""
    if settings.sample_ratio is not None:
        return Sampling(ParentBased(TraceIdRatioBased(settings.sample_ratio)), _BY_PARENT)
    text = found.text("OTEL_TRACES_SAMPLER")
    name = found.choice("OTEL_TRACES_SAMPLER", text, dict(zip(SAMPLERS, SAMPLERS, strict=True)), DEFAULT_SAMPLER)
    is_parent_based = name.startswith("parentbased")
    known: dict[bool | None, bool] = dict(_BY_PARENT) if is_parent_based else {}
    if name.endswith("traceidratio"):
        inner: Sampler = TraceIdRatioBased(_ratio(found))
    else:
        inner = ALWAYS_OFF if name.endswith("always_off") else ALWAYS_ON
        for flag in (None,) if is_parent_based else (None, True, False):
            known[flag] = inner is ALWAYS_ON
    return Sampling(ParentBased(inner) if is_parent_based else inner, known)


def _ratio(found: Environment) -> float:
    """OTEL_TRACES_SAMPLER_ARG, 1 where it is none from 0 to 1."""
    text = found.text("OTEL_TRACES_SAMPLER_ARG")
    try:
        ratio = float(text) if text is not None else 1.0
    except ValueError:
        ratio = -1.0
    if 0.0 <= ratio <= 1.0:
        return ratio
    found.problems.append("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; 1 is used")
    return 1.0
