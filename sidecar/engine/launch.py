"""An attempt's request: encoded for its entry, with the credential of its target, and sent."""

from __future__ import annotations

from ..core.content import Request
from ..core.trace import Trace
from ..transport.http import Post, Route
from .attempt import Attempt
from .services import Services


def launch(attempt: Attempt, request: Request, services: Services) -> None:
    """Starts the attempt's task. The credential of the target chosen is the credential sent."""
    start = attempt.start
    provider = start.link.provider
    codec = services.codecs[provider.protocol]
    streams = start.link.model.streaming
    encoded = codec.encode(request, start.link.model, stream=streams, issuer=provider.name)
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
    task = attempt.run(services.transport, post, codec, stream=streams, answer_tool=encoded.answer_tool)
    services.tasks.add(task)
    attempt.on_end = lambda: services.tasks.discard(task)
    target, clock = start.target, services.clock
    attempt.on_answer = lambda headers: services.limiter.told(target, headers, clock.now(), clock.wall())


def _propagated(trace: Trace, span_id: str) -> dict[str, str]:
    """W3C Trace Context headers with the attempt's span as parent. Baggage stays inside: it may name customers."""
    headers = {"traceparent": f"00-{trace.trace_id}-{span_id}-{'01' if trace.is_sampled else '00'}"}
    if trace.state:
        headers["tracestate"] = trace.state
    return headers
