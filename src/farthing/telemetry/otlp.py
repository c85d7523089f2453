"""Spans and metrics on their way to an OTLP endpoint, over HTTP, by OpenTelemetry's own exporters.

Loaded only where an endpoint is configured: the extra `farthing[telemetry]`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import export as sdk
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from farthing import __version__
from farthing.telemetry.families import COUNTER, GAUGE, HISTOGRAM, Family, Point
from farthing.telemetry.names import SCOPE
from farthing.telemetry.spans import Span
from farthing.telemetry.tally import Spread

_MS = 1_000_000
_SCOPE = InstrumentationScope(SCOPE, __version__)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send, and as whom. What is "" or None is taken from the standard `OTEL_EXPORTER_OTLP_…` variables."""

    endpoint: str = ""
    """The base: `/v1/traces` and `/v1/metrics` are added to it."""
    headers: tuple[tuple[str, str], ...] = ()
    service_name: str = "farthing"
    attributes: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float | None = None
    gzip: bool | None = None


class Otlp:
    """One endpoint. Blocking; every method says whether the endpoint took what it was given, and none raises for it."""

    def __init__(self, target: Target) -> None:
        self._resource = Resource.create({"service.name": target.service_name, **dict(target.attributes)})
        given: dict[str, Any] = {
            "headers": dict(target.headers) or None,
            "timeout": target.timeout_seconds,
            "compression": None
            if target.gzip is None
            else Compression.Gzip
            if target.gzip
            else Compression.NoCompression,
        }
        base = target.endpoint.rstrip("/")
        self._spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces" if base else None, **given)
        self._metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics" if base else None, **given)

    def send_spans(self, spans: Sequence[Span]) -> bool:
        return self._spans.export([self._span(span) for span in spans]) is SpanExportResult.SUCCESS

    def send_metrics(self, families: Iterable[Family], *, ledger_ms: int, process_ms: int, now_ms: int) -> bool:
        """All sums are cumulative: since the ledger's first call, or since this process began."""
        made = [
            self._metric(family, (process_ms if family.of_process else ledger_ms) * _MS, now_ms * _MS)
            for family in families
            if family.points
        ]
        scoped = sdk.ScopeMetrics(scope=_SCOPE, metrics=made, schema_url="")
        resource = sdk.ResourceMetrics(resource=self._resource, scope_metrics=[scoped], schema_url="")
        sent = self._metrics.export(sdk.MetricsData(resource_metrics=[resource]))
        return sent is sdk.MetricExportResult.SUCCESS

    def close(self) -> None:
        """A request under way in another thread is given up."""
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        self._metrics.shutdown()

    def _span(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.span_id, remote=False),
            parent=_context(span.trace_id, span.parent_id, remote=True) if span.parent_id else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.at_ms * _MS) for event in span.events],
            kind=SpanKind.INTERNAL if span.within else SpanKind.CLIENT,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.start_ms * _MS,
            end_time=span.end_ms * _MS,
            instrumentation_scope=_SCOPE,
        )

    def _metric(self, family: Family, start: int, now: int) -> sdk.Metric:
        points = [_point(family, point, start, now) for point in family.points]
        cumulative = sdk.AggregationTemporality.CUMULATIVE
        data: sdk.Sum | sdk.Gauge | sdk.Histogram
        if family.kind == HISTOGRAM:
            data = sdk.Histogram(data_points=points, aggregation_temporality=cumulative)  # type: ignore[arg-type]
        elif family.kind == GAUGE:
            data = sdk.Gauge(data_points=points)  # type: ignore[arg-type]
        else:
            rises = family.kind == COUNTER
            data = sdk.Sum(data_points=points, aggregation_temporality=cumulative, is_monotonic=rises)  # type: ignore[arg-type]
        return sdk.Metric(name=family.name, description=family.help, unit=family.unit, data=data)


def _context(trace_id: int, span_id: int, *, remote: bool) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=remote, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _point(family: Family, point: Point, start: int, now: int) -> sdk.NumberDataPoint | sdk.HistogramDataPoint:
    """A label without a value is left out: here an attribute that is missing says so."""
    attributes = {name: value for name, value in point.labels if value}
    if isinstance(point.value, Spread):
        return sdk.HistogramDataPoint(
            attributes=attributes,
            start_time_unix_nano=start,
            time_unix_nano=now,
            count=point.value.count,
            sum=point.value.thousandths / 1_000,
            bucket_counts=point.value.counts,
            explicit_bounds=family.bounds,
            min=None,  # type: ignore[arg-type]  # not kept: left out of the message
            max=None,  # type: ignore[arg-type]
        )
    return sdk.NumberDataPoint(attributes=attributes, start_time_unix_nano=start, time_unix_nano=now, value=point.value)
