"""What the injector counts, for Prometheus, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from .reason import Outcome, Reason
from .watching import Change

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
"""The last one is the API server's limit for the webhook."""
MALFORMED, TOO_LARGE, TOO_SLOW = "malformed", "too_large", "too_slow"


class Metrics:
    """Every series is there from the start, so that a rate is known from the first pod on."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        at = self.registry
        self._pods = Counter(
            "remora_injector_pods",
            "Admission reviews answered, by outcome and reason",
            ["outcome", "reason"],
            registry=at,
        )
        self._pods.labels(Outcome.INJECTED, "")
        for reason in Reason:
            self._pods.labels(reason.outcome, reason)
        self._seconds = Histogram(
            "remora_injector_review_duration_seconds", "Time to answer a review", buckets=BUCKETS_S, registry=at
        )
        self._refused = Counter(
            "remora_injector_requests_refused", "Requests that were no admission review", ["cause"], registry=at
        )
        for cause in (MALFORMED, TOO_LARGE, TOO_SLOW):
            self._refused.labels(cause)
        self._reloads = Counter(
            "remora_injector_reloads", "Changed files that were read again", ["file", "outcome"], registry=at
        )
        for file in ("template", "certificate"):
            for change in Change:
                self._reloads.labels(file, change)
        self._expiry = Gauge(
            "remora_injector_certificate_expiry_timestamp_seconds", "When the serving certificate ends", registry=at
        )
        Gauge("remora_injector_build_info", "1", ["version"], registry=at).labels(version).set(1)
        ProcessCollector(registry=self.registry)

    def answered(self, outcome: Outcome, reason: Reason | None, duration_s: float) -> None:
        """One review."""
        self._pods.labels(outcome, reason or "").inc()
        self._seconds.observe(duration_s)

    def refused(self, cause: str) -> None:
        """One request that was not answered with a review."""
        self._refused.labels(cause).inc()

    def reloaded(self, file: str, change: Change) -> None:
        """A changed "template" or "certificate"."""
        self._reloads.labels(file, change).inc()

    def certificate_ends(self, timestamp_s: float) -> None:
        """The serving certificate that is in use, in seconds since 1970."""
        self._expiry.set(timestamp_s)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Everything, in the form an Accept header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
