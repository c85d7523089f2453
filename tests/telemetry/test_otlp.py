"""OTLP on the wire, decoded by OpenTelemetry's own classes."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from farthing.telemetry.families import COUNTER, GAUGE, HISTOGRAM, NET, Family, Point
from farthing.telemetry.otlp import Otlp, Target
from farthing.telemetry.spans import span_of
from farthing.telemetry.tally import Spread
from support.otlp_receiver import attributes, number, otlp_receiver
from support.recorded import a_call

FAMILIES = (
    Family(name="cost", help="Cost", kind=COUNTER, unit="{nanodollar}", points=(Point((("team", "a"),), 2**60 + 1), Point((("team", ""),), 1))),
    Family(name="saved", help="Saved", kind=NET, points=(Point((), -3),)),
    Family(name="left", help="Left", kind=GAUGE, points=(Point((), 0.5),)),
    Family(name="time", help="Time", kind=HISTOGRAM, unit="s", bounds=(1.0,), points=(Point((), Spread([2, 1], 4_500)),)),
    Family(name="none", help="None", kind=COUNTER, points=()),
)  # fmt: skip


def send(received, otlp):
    return otlp.send_metrics(FAMILIES, ledger_ms=1_000, process_ms=2_000, now_ms=3_000)


def test_metrics_arrive_exactly_and_as_what_they_are():
    with otlp_receiver() as received:
        otlp = Otlp(Target(endpoint=received.url + "/", service_name="spend", attributes=(("env", "x"),)))
        assert send(received, otlp)
        otlp.close()
    assert set(received.metrics) == {"cost", "saved", "left", "time"}
    points = received.metrics["cost"].sum.data_points
    assert [(attributes(point), number(point)) for point in points] == [({"team": "a"}, 2**60 + 1), ({}, 1)]
    assert received.metrics["cost"].sum.is_monotonic
    assert points[0].start_time_unix_nano == 10**9
    assert not received.metrics["saved"].sum.is_monotonic
    assert received.metrics["left"].gauge.data_points[0].as_double == 0.5
    [times] = received.metrics["time"].histogram.data_points
    assert (times.count, times.sum, list(times.bucket_counts)) == (3, 4.5, [2, 1])
    assert not times.HasField("min")
    assert received.resources[0] | {"service.name": "spend", "env": "x"} == received.resources[0]


def test_a_span_arrives_with_its_place_and_headers_and_compressed():
    call = a_call(1, attempts=({},), labels=(("trace", "ab" * 16),), parent="12" * 8)
    with otlp_receiver() as received:
        otlp = Otlp(Target(endpoint=received.url, headers=(("x-team", "a"),), gzip=True))
        assert otlp.send_spans([span_of(call, naive_of=lambda *_: 0)])
        otlp.close()
    [span] = received.spans
    assert span.trace_id.hex() == "ab" * 16
    assert span.parent_span_id.hex() == "12" * 8
    assert span.end_time_unix_nano - span.start_time_unix_nano == 900_000_000
    [(_, headers)] = received.requests
    assert (headers["x-team"], headers["content-encoding"]) == ("a", "gzip")


def test_a_tool_arrives_as_what_its_program_did_and_a_call_as_what_it_asked_for():
    tool = {"provider": "tool", "model": "lookup"}
    calls = (a_call(1, attempts=({},)), a_call(2, dialect="tool", model="lookup", attempts=(tool,)))
    with otlp_receiver() as received:
        otlp = Otlp(Target(endpoint=received.url))
        assert otlp.send_spans([span_of(call, naive_of=lambda *_: 0) for call in calls])
        otlp.close()
    kinds = {span.name: span.kind for span in received.spans}
    assert kinds == {"chat gpt-4o": Span.SPAN_KIND_CLIENT, "execute_tool lookup": Span.SPAN_KIND_INTERNAL}


def test_an_endpoint_that_takes_nothing_is_no_exception():
    with otlp_receiver() as received:
        otlp = Otlp(Target(endpoint=received.url, timeout_seconds=5))
        received.status = 400
        assert not otlp.send_spans([span_of(a_call(1, attempts=({},)), naive_of=lambda *_: 0)])
        assert not send(received, otlp)
        otlp.close()
