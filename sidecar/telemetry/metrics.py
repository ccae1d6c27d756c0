"""The metrics of docs/observability.md, for Prometheus: one registry of our own, and what counts into it.

A metric's child is looked up once per key and kept: looking it up costs more than counting.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from ..core.observation import Operation, Reading, Rpc
from ..core.reasons import Reason
from ..core.report import Attempt
from . import names
from .attempt_metrics import AttemptMetrics, IsDeclared
from .export import Drop
from .line_writer import Loss
from .names import Generation, Metric, MetricKind
from .state_metrics import families

MAX_KEPT = 4096


class Metrics:
    """`is_declared`: whether a configuration names a provider's model. `old`: the conventions told twice."""

    def __init__(self, is_declared: IsDeclared, version: str, old: frozenset[Generation] = frozenset()) -> None:
        # One series less for each child: nobody asks when it was made.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        make = Maker(self.registry)
        self._attempts = AttemptMetrics(make.child_of, is_declared, is_old=Generation.GEN_AI in old)
        self._is_declared = is_declared
        self._children: dict[tuple[str, ...], Any] = {}
        self._rpcs: dict[tuple[str, str, str, Reason | None], tuple[Any, Any, Any]] = {}
        self._child_of = make.child_of
        self._reading: Callable[[], Reading] | None = None
        self.registry.register(_State(self._families))
        self._reloads = {outcome: make.child_of(names.RELOADS, outcome) for outcome in ("applied", "refused")}
        self._reloaded_at = make.child_of(names.RELOADED_AT)
        self._exported = make.child_of(names.SPANS_EXPORTED)
        self._dropped = {cause: make.child_of(names.SPANS_DROPPED, cause.value) for cause in Drop}
        self._lines_dropped = {cause: make.child_of(names.LINES_DROPPED, cause.value) for cause in Loss}
        self._openings = make.family(names.OPENINGS)
        make.child_of(names.BUILD, version, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def read_from(self, reading: Callable[[], Reading]) -> None:
        """Where the state is read when metrics are asked for."""
        self._reading = reading

    def text(self, accept: str) -> tuple[bytes, str]:
        """Everything, in the form an Accept header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        """So many more under way."""
        self._child(names.RPCS_IN_FLIGHT, f"{service}/{method}").inc(number)

    def rpc_ended(self, rpc: Rpc) -> None:
        """One less, and how it ended."""
        key = (rpc.service, rpc.method, rpc.code, rpc.reason)
        in_flight, requests, duration = self._rpcs.get(key) or self._rpc(*key)
        in_flight.dec()
        requests.inc()
        duration.observe(rpc.duration_s)
        if rpc.operation is not None:
            self._operation(rpc.operation)

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        """So many upstream calls begin."""
        self._attempts.started(provider, model, number)

    def attempt_ended(self, attempt: Attempt) -> None:
        """An upstream call has ended."""
        self._attempts.ended(attempt)

    def opened(self, provider: str, model: str) -> None:
        """A breaker has opened."""
        self._openings.labels(provider, model if self._is_declared(provider, model) else names.OTHER).inc()

    def configured(self) -> None:
        """The configuration in use was applied just now."""
        self._reloaded_at.set_to_current_time()

    def reloaded(self, *, is_applied: bool) -> None:
        """A configuration was applied just now, or refused."""
        self._reloads["applied" if is_applied else "refused"].inc()
        if is_applied:
            self.configured()
            self._attempts.forget()

    def spans_exported(self, number: int) -> None:
        """So many more were taken by the collector."""
        self._exported.inc(number)

    def spans_dropped(self, cause: Drop, number: int) -> None:
        """So many more were lost."""
        self._dropped[cause].inc(number)

    def lines_dropped(self, cause: Loss, number: int) -> None:
        """So many more lines of the log were lost. Any thread may call it."""
        self._lines_dropped[cause].inc(number)

    def _operation(self, operation: Operation) -> None:
        report = operation.report
        failed_over = "true" if report.failed_over else "false"
        reason = report.reason.value if report.reason is not None else ""
        self._child(names.CALL_DURATION, failed_over, reason).observe(report.duration_s)
        if report.first_content_s is not None:
            self._child(names.CALL_FIRST_CONTENT, failed_over).observe(max(0.0, report.first_content_s))
        for skipped in report.skipped:
            entry = skipped.entry
            model = entry.model if self._is_declared(entry.provider, entry.model) else names.OTHER
            self._child(names.SKIPS, entry.provider, model, skipped.cause.value).inc()
        for repair in report.repairs:
            self._child(names.REPAIRS, repair.reason.value).inc()

    def _rpc(self, service: str, method: str, code: str, reason: Reason | None) -> tuple[Any, Any, Any]:
        """The children of one way for an rpc to end, found together from now on."""
        name = f"{service}/{method}"
        if len(self._rpcs) >= MAX_KEPT:
            self._rpcs.clear()
        found = self._rpcs[service, method, code, reason] = (
            self._child(names.RPCS_IN_FLIGHT, name),
            self._child(names.REQUESTS, name, code, reason.value if reason is not None else ""),
            self._child(names.RPC_DURATION, "grpc", name, code),
        )
        return found

    def _child(self, metric: Metric, *labels: str) -> Any:
        key = (metric.name, *labels)
        found = self._children.get(key)
        if found is None:
            if len(self._children) >= MAX_KEPT:
                self._children.clear()
            found = self._children[key] = self._child_of(metric, *labels)
        return found

    def _families(self) -> Iterable[Family]:
        return families(self._reading(), self._is_declared) if self._reading is not None else ()


class Maker:
    """Makes prometheus_client's metrics from ours, each once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._families: dict[str, Any] = {}

    def family(self, metric: Metric) -> Any:
        """The metric without its labels' values."""
        if (found := self._families.get(metric.name)) is None:
            found = self._families[metric.name] = self._made(metric)
        return found

    def child_of(self, metric: Metric, *labels: str) -> Any:
        """What counts for these values."""
        family = self.family(metric)
        return family.labels(*labels) if metric.labels else family

    def _made(self, metric: Metric) -> Any:
        name, meaning, labels = metric.name, metric.meaning, metric.labels
        match metric.kind:
            case MetricKind.COUNTER:
                return Counter(name, meaning, labels, registry=self._registry)
            case MetricKind.GAUGE:
                return Gauge(name, meaning, labels, registry=self._registry)
            case MetricKind.HISTOGRAM:
                return Histogram(name, meaning, labels, buckets=metric.bounds, registry=self._registry)


class _State(Collector):
    """What is read when metrics are asked for."""

    def __init__(self, families: Callable[[], Iterable[Family]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        """The families of the moment."""
        return self._families()

    def describe(self) -> Iterable[Family]:
        """Nothing: there may be no reading yet."""
        return ()
