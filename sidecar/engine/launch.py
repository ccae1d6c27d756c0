"""An attempt's request: encoded for its entry, with the credential of its target, and sent."""

from __future__ import annotations

from dataclasses import replace

from ..core.adjustment import Adjustment, adjusted
from ..core.catalog import Feature, Model
from ..core.content import Request
from ..core.continuation import continued
from ..core.seam import Way
from ..core.trace import Trace
from ..providers.prompted_tools import offered, prompted
from ..transport.http import Post, Route
from .attempt import Attempt
from .expectation import Expectation
from .services import Services


def launch(attempt: Attempt, asked: Request, adjustment: Adjustment, services: Services) -> None:
    """Starts the attempt's task. The credential of the target chosen is the credential sent."""
    start = attempt.start
    provider = start.link.provider
    codec = services.codecs[provider.protocol]
    streams = start.link.model.streaming and asked.embedding is None
    request, model = adjusted(asked, adjustment, provider.protocol), start.link.model
    if attempt.splice is not None:
        here, way = attempt.splice.resumption, attempt.splice.way
        request = continued(request, here, way, provider.protocol, services.resume_instruction)
        if way is Way.PREFILL:
            adjustment = replace(adjustment, prefill=start.link.prefill)
    if adjustment.is_prompted:
        request, model = prompted(request), without_tools(model)
    encoded = codec.encode(request, model, stream=streams, issuer=provider.name, adjustment=adjustment)
    headers = {**encoded.headers, **provider.headers}
    if provider.organization is not None:
        headers["openai-organization"] = provider.organization
    if secret := services.vault.secret(start.target):
        headers.update(codec.authorization(secret))
    if services.propagates and request.trace is not None:
        headers.update(_propagated(request.trace, attempt.span_id))
    route = Route(provider.proxy, provider.ca_file)
    post = Post(start.target.base_url + encoded.path, headers, encoded.body, provider.query, route)
    attempt.repairs = encoded.repairs
    tools = offered(asked) if adjustment.is_prompted else None
    expected = Expectation(streams, encoded.answer_tool, tools, asked.embedding)
    target, clock = start.target, services.clock
    attempt.on_answer = lambda headers: services.limiter.told(target, headers, clock.now(), clock.wall())
    attempt.run(services.transport, post, codec, expected, services.tasks)


def without_tools(model: Model) -> Model:
    """The model as one whose codec must not turn anything into a native tool."""
    features = frozenset(Feature) if model.features is None else model.features
    return replace(model, features=features - {Feature.TOOLS})


def _propagated(trace: Trace, span_id: str) -> dict[str, str]:
    """W3C Trace Context headers with the attempt's span as parent. Baggage stays inside: it may name customers."""
    headers = {"traceparent": f"00-{trace.trace_id}-{span_id}-{'01' if trace.is_sampled else '00'}"}
    if trace.state:
        headers["tracestate"] = trace.state
    return headers
