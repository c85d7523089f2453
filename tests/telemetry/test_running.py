"""Telemetry beside a gateway: what an OTLP endpoint and a scraper get is the ledger, to the nano-dollar."""

import re

import pytest

from farthing.telemetry import running
from support.admin import ask, chat
from support.gateway import gateway_and_provider
from support.otlp_receiver import attributes, number, otlp_receiver

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    monkeypatch.setattr(running, "ROUND_SECONDS", 0.02)


def config(url, more=""):
    return f'[[budgets]]\nname = "all"\nlimit = "1 USD"\n[telemetry]\notlp = "{url}"\nevery = "1s"\n{more}\n'


def ledger_nanos(gateway):
    gateway.flush()
    return sum(row.cost_nanos for row in gateway.engine.records.usage(by=(), since_ms=0, until_ms=2**53))


def scraped(gateway):
    """The metrics as (name, labels) and their numbers, once the past is summed."""
    deadline = 200
    while (answer := ask(gateway, "GET", "/metrics")).status_code == 503:
        deadline -= 1
        assert deadline, "it was never summed"
    assert answer.status_code == 200, answer.text
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in answer.text.splitlines()
        if line and not line.startswith("#")
    }


def total(metrics, name):
    return sum(value for series, value in metrics.items() if re.fullmatch(rf"{name}({{.*}})?", series))


def test_spans_metrics_and_scrape_sum_to_the_ledger(tmp_path):
    with otlp_receiver() as received, gateway_and_provider(tmp_path, config(received.url)) as (gateway, _):
        for turn in range(7):
            labels = f"team={'ab'[turn % 2]},run=r1,agent=bot,workflow=triage,user=u{turn}"
            assert chat(gateway, {"max_tokens": 10 + turn}, x_farthing_labels=labels).status_code == 200
        assert chat(gateway, {"model": "no-such-model"}).status_code != 200
        spent = ledger_nanos(gateway)
        assert spent > 0
        received.wait(lambda: len(received.spans) == 8)
        received.wait(lambda: "farthing.calls" in received.metrics and received.total("farthing.calls") == 8)
        in_spans = sum(attributes(span).get("farthing.cost.nanodollars", 0) for span in received.spans)
        metrics = scraped(gateway)
        assert in_spans == received.total("farthing.cost.nanodollars") == spent
        assert total(metrics, "farthing_cost_nanodollars_total") == spent
        assert total(metrics, "farthing_calls_total") == 8
        usd = sum(attributes(span).get("gen_ai.usage.cost.amount", 0) for span in received.spans)
        assert round(usd * 1e9) == spent
        assert received.resources[0]["service.name"] == "farthing"


def test_a_span_says_what_the_record_knows_under_the_agreed_names(tmp_path):
    with otlp_receiver() as received, gateway_and_provider(tmp_path, config(received.url)) as (gateway, _):
        answer = chat(
            gateway,
            x_farthing_labels="team=support,run=r9,agent=bot,workflow=triage,user=kim",
            traceparent=f"00-{TRACE}-{PARENT}-01",
        )
        call = answer.headers["x-farthing-call-id"]
        received.wait(lambda: received.spans)
        [span] = received.spans
        known = received.span(call)
        record = gateway.record(call)
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert span.span_id.hex() == call.removeprefix("call_")
    assert span.name == "chat gpt-4o-mini"
    used = record.attempts[0].usage
    assert known["gen_ai.usage.input_tokens"] == known["llm.token_count.prompt"] == used.input_tokens
    assert known["gen_ai.usage.output_tokens"] == used.output_tokens
    assert known["gen_ai.conversation.id"] == known["session.id"] == "r9"
    assert known["gen_ai.agent.name"] == "bot"
    assert known["gen_ai.workflow.name"] == "triage"
    assert known["gen_ai.provider.name"] == "openai"
    assert known["gen_ai.response.id"] == record.attempts[0].response_id
    assert known["farthing.label.team"] == "support"
    assert known["farthing.budgets"] == ["all"]
    assert known["farthing.price_book"] == record.attempts[0].opening.book
    assert known["gen_ai.usage.cost.currency"] == "USD"
    assert known["llm.cost.total"] == known["gen_ai.usage.cost"] == record.attempts[0].cost_nanos / 1e9
    assert [event.name for event in span.events] == ["farthing.attempt"]


def test_a_refusal_is_an_error_with_its_code_and_costs_nothing(tmp_path):
    more = '[[budgets]]\nname = "none"\nlimit = "0 USD"\nwait = "0s"\nmatch = { team = "poor" }'
    with otlp_receiver() as received, gateway_and_provider(tmp_path, config(received.url, more)) as (gateway, _):
        answer = chat(gateway, x_farthing_labels="team=poor")
        assert answer.status_code == 402
        received.wait(lambda: received.spans)
        known = received.span(answer.headers["x-farthing-call-id"])
        metrics = scraped(gateway)
    assert known["error.type"] == known["farthing.refusal.code"] == "budget_exceeded"
    assert known["farthing.cost.nanodollars"] == 0
    assert known["http.response.status_code"] == 402
    assert total(metrics, 'farthing_refused_total{code="budget_exceeded".*') == 1


def test_what_was_not_taken_is_sent_again_and_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "LONGEST_REST_MS", 50)
    with otlp_receiver() as received, gateway_and_provider(tmp_path, config(received.url)) as (gateway, _):
        received.status = 400
        chat(gateway)
        received.wait(lambda: any(path == "/v1/traces" for path, _ in received.requests))
        assert received.spans == []
        chat(gateway)
        received.status = 200
        received.wait(lambda: len(received.spans) == 2)
        chat(gateway)
        received.wait(lambda: len(received.spans) == 3)
        assert len({span.span_id for span in received.spans}) == 3
        assert scraped(gateway)["farthing_telemetry_failures_total"] >= 1


def test_a_restart_goes_on_where_the_last_process_came_to(tmp_path):
    with otlp_receiver() as received:
        for calls in (2, 3):
            with gateway_and_provider(tmp_path, config(received.url)) as (gateway, _):
                before = len(received.spans)
                for _ in range(calls):
                    chat(gateway)
                received.wait(lambda: len(received.spans) == before + calls)  # noqa: B023 - asked at once
                spent = ledger_nanos(gateway)
                assert total(scraped(gateway), "farthing_cost_nanodollars_total") == spent
        assert len({span.span_id for span in received.spans}) == 5
        assert received.total("farthing.calls") == 5
        assert received.total("farthing.cost.nanodollars") == spent
        begun = {point.start_time_unix_nano for point in received.metrics["farthing.calls"].sum.data_points}
        assert len(begun) == 1


def test_nothing_is_exported_and_nothing_loaded_without_an_endpoint(tmp_path):
    with gateway_and_provider(tmp_path, "") as (gateway, _):
        chat(gateway)
        assert gateway.engine.telemetry._running is None


def test_what_is_compressed_and_signed_is_what_the_variables_say(tmp_path, monkeypatch):
    with otlp_receiver() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "spending")
        with gateway_and_provider(tmp_path, "") as (gateway, _):
            chat(gateway)
            received.wait(lambda: received.spans)
        headers = received.requests[0][1]
    assert headers["content-encoding"] == "gzip"
    assert headers["authorization"] == "Bearer abc"
    assert received.resources[0]["service.name"] == "spending"


def test_hidden_labels_are_not_told(tmp_path):
    with (
        otlp_receiver() as received,
        gateway_and_provider(tmp_path, config(received.url, 'hide = ["user"]')) as (gateway, _),
    ):
        chat(gateway, x_farthing_labels="user=kim,team=a")
        received.wait(lambda: received.spans)
        known = attributes(received.spans[0])
    assert not any("kim" in str(value) for value in known.values())
    assert known["farthing.label.team"] == "a"


def test_budgets_are_told_as_they_stand(tmp_path):
    with gateway_and_provider(tmp_path, '[[budgets]]\nname = "all"\nlimit = "1 USD"\n') as (gateway, _):
        assert scraped(gateway)['farthing_budget_left{budget="all",run="",unit="usd",value=""}'] == 1.0
        chat(gateway)
        spent = ledger_nanos(gateway)
        metrics = scraped(gateway)
        label = '{budget="all",run="",unit="usd",value=""}'
        assert metrics[f"farthing_budget_limit{label}"] == 1.0
        assert metrics[f"farthing_budget_spent{label}"] == spent / 1e9
        assert metrics[f"farthing_budget_left{label}"] == (10**9 - spent) / 1e9
        assert metrics['farthing_holds{state="held"}'] == 0
        assert metrics["farthing_ledger_commit_duration_seconds_count"] > 0


def test_older_names_go_by_otlp_with_the_same_numbers(tmp_path):
    with otlp_receiver() as received, gateway_and_provider(tmp_path, config(received.url)) as (gateway, _):
        chat(gateway)
        received.wait(lambda: "gen_ai.client.token.usage" in received.metrics)
        new = sum(point.count for point in received.metrics["gen_ai.client.inference.duration"].histogram.data_points)
        old = sum(point.count for point in received.metrics["gen_ai.client.operation.duration"].histogram.data_points)
        assert new == old == 1
        tokens = {
            attributes(point)["gen_ai.token.type"]: point.sum
            for point in received.metrics["gen_ai.client.token.usage"].histogram.data_points
        }
        [inputs] = received.metrics["gen_ai.client.inference.usage.input_tokens"].sum.data_points
        assert tokens["input"] == number(inputs)
        assert "gen_ai_client_token_usage" not in ask(gateway, "GET", "/metrics").text
