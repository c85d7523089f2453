"""An OTLP receiver over HTTP that decodes with OpenTelemetry's own protobuf classes and insists on what the protocol asks."""

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Received:
    """What came in. `status` is what is answered; anything but 200 takes nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.resources: list[dict] = []
        self.spans: list[Span] = []
        self.metrics: dict[str, object] = {}
        """The newest of each name, as protobuf."""
        self.flaws: list[str] = []

    def span(self, call: str) -> dict:
        """The attributes of the only span of this call (`call_…`)."""
        [found] = [span for span in self.spans if attributes(span)["farthing.call.id"] == call]
        return attributes(found)

    def total(self, name: str) -> int | float:
        """The sum over all points of a sum."""
        return sum(number(point) for point in self.metrics[name].sum.data_points)

    def wait(self, true, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it did not come in time"
            time.sleep(0.01)

    def take(self, path: str, body: bytes) -> bytes:
        if path == "/v1/traces":
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                self.resources.append(attributes(resource.resource))
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self.flaws += flaws_of(span)
                        self.spans.append(span)
            return ExportTraceServiceResponse().SerializeToString()
        request = ExportMetricsServiceRequest.FromString(body)
        for resource in request.resource_metrics:
            self.resources.append(attributes(resource.resource))
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self.flaws += metric_flaws(metric)
                    self.metrics[metric.name] = metric
        return ExportMetricsServiceResponse().SerializeToString()


def number(point) -> int | float:
    return point.as_int if point.HasField("as_int") else point.as_double


def plain(value):
    """An AnyValue as Python says it."""
    kind = value.WhichOneof("value")
    assert kind is not None, "an attribute without a value"
    found = getattr(value, kind)
    return [plain(item) for item in found.values] if kind == "array_value" else found


def attributes(holder) -> dict:
    found = {pair.key: plain(pair.value) for pair in holder.attributes}
    assert len(found) == len(holder.attributes), "an attribute that is there twice"
    return found


def flaws_of(span: Span) -> list[str]:
    """What the protocol and the GenAI conventions require of a span and this one lacks."""
    known = attributes(span)
    tool = known.get("gen_ai.operation.name") == "execute_tool"
    kind = Span.SPAN_KIND_INTERNAL if tool else Span.SPAN_KIND_CLIENT
    required = {"gen_ai.operation.name", "gen_ai.tool.name" if tool else "gen_ai.provider.name"}
    of = known.get("gen_ai.tool.name" if tool else "gen_ai.request.model")
    flaws = [
        (len(span.trace_id) != 16 or not any(span.trace_id), "trace_id"),
        (len(span.span_id) != 8 or not any(span.span_id), "span_id"),
        (bool(span.parent_span_id) and len(span.parent_span_id) != 8, "parent_span_id"),
        (not 0 < span.start_time_unix_nano <= span.end_time_unix_nano, "times"),
        (span.kind != kind, "kind"),
        (not required <= known.keys(), "required attributes"),
        (span.name != f"{known.get('gen_ai.operation.name')} {of}", "name"),
        ((span.status.code == 2) != ("error.type" in known), "error.type goes with an error"),
        (any(not key or pair == "" for key, pair in known.items()), "an empty key or value"),
    ]
    return [f"{span.name}: {what}" for wrong, what in flaws if wrong]


def metric_flaws(metric) -> list[str]:
    kind = metric.WhichOneof("data")
    points = getattr(metric, kind).data_points
    seen = [tuple(sorted(attributes(point).items())) for point in points]
    flaws = [
        (not metric.name or not metric.unit, "name or unit"),
        (not points, "no points"),
        (len(set(seen)) != len(seen), "two points of one identity"),
        (kind in ("sum", "histogram") and getattr(metric, kind).aggregation_temporality != 2, "not cumulative"),
        (kind == "sum" and metric.sum.is_monotonic and any(number(point) < 0 for point in points), "below nothing"),
        (
            any(not 0 < point.start_time_unix_nano <= point.time_unix_nano for point in points) and kind != "gauge",
            "times",
        ),
    ]
    if kind == "histogram":
        flaws.append((any(sum(point.bucket_counts) != point.count for point in points), "buckets do not sum up"))
        wrong = any(len(point.bucket_counts) != len(point.explicit_bounds) + 1 for point in points)
        flaws.append((wrong, "bounds and buckets do not fit"))
    return [f"{metric.name}: {what}" for wrong, what in flaws if wrong]


@contextmanager
def otlp_receiver(port: int = 0):
    """A receiver on a free port of this machine, until the block ends. It must have found no flaw then."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            if received.status != 200:
                self._answer(received.status, b"")
                return
            if self.headers["content-type"] != "application/x-protobuf" or self.path not in {
                "/v1/traces",
                "/v1/metrics",
            }:
                received.flaws.append(f"{self.path} as {self.headers['content-type']}")
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self._answer(200, received.take(self.path, body))

        def _answer(self, status, body):
            self.send_response(status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    received = Received(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not received.flaws, received.flaws
