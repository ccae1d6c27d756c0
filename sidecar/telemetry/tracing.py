"""What is there only when spans go somewhere: put together from a plan, and kept up with the configuration."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from .. import __version__
from ..core.redaction import Redactor
from . import names
from .export import Exporter, Sender
from .otlp_bytes import Envelope
from .plan import GRPC, Configured, Environment, Headers, Plan, plan
from .shown import Shown
from .spans import SpanMaker

Sampled = Callable[[str, bool | None], bool]


class Tracing:
    """`sampled`: see `Sampling.sampled`. `headers`: what the collector is sent from the next request on."""

    def __init__(self, found: Plan, settings: Configured, env: Mapping[str, str], shown: Shown) -> None:
        from .resource import resource
        from .sampling import sampling

        environment = Environment(env)
        self.sampled: Sampled = sampling(settings, environment).sampled
        self.problems = environment.problems
        """Sentences about the variables of sampling."""
        self.headers = found.headers
        self._env = env
        self._shown = shown
        self._said = Redactor(value for _, value in found.headers)
        self.maker = SpanMaker(shown, capture_content=settings.capture_content, old=names.old_generations(env))
        self.exporter = Exporter(
            lambda: _sender(found, lambda: self.headers),
            Envelope(resource(env, __version__), names.SCOPE, __version__),
            found.batching,
            found.timeout_s,
            random.SystemRandom().random,
            lambda text: self._shown.text(self._said.redact(text)),
        )

    def adopt(self, settings: Configured) -> None:
        """From now on the headers and the sampling of these settings; everything else needs a new process."""
        from .sampling import sampling

        found, _ = plan(settings, self._env)
        if found is not None:
            # What was sent last may still be in an answer.
            self._said = Redactor(value for _, value in (*self.headers, *found.headers))
            self.headers = found.headers
        self.sampled = sampling(settings, Environment(self._env)).sampled


def _sender(found: Plan, headers: Callable[[], Headers]) -> Sender:
    """Only the protocol that is used is imported."""
    if found.protocol == GRPC:
        from .export_grpc import GrpcSender

        return GrpcSender(found, headers)
    from .export_http import HttpSender

    return HttpSender(found, headers)
