"""`[telemetry]`: what is refused, what is warned of, and what is said back."""

import pytest

from farthing.config.problems import BadConfigs
from farthing.config.settings import Telemetry
from farthing.config.telemetry_checks import endpoint_in, service_name, telemetry_lines
from support.engines import settings_in


def problems(tmp_path, text):
    with pytest.raises(BadConfigs) as error:
        settings_in(tmp_path, f"[telemetry]\n{text}")
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ('otlp = "collector:4318"', "telemetry.otlp", "base address"),
        ('otlp = "http://c/v1/traces"', "telemetry.otlp", "leave out"),
        ('otlp = "http://c"\nspans = false\nmetrics = false', "telemetry.otlp", "both off"),
        ('labels = ["team", "run"]', "telemetry.labels", "series of its own"),
        ('labels = ["team", "team"]', "telemetry.labels", "repeat"),
        ('every = "100ms"', "telemetry.every", "1s"),
        ('protocol = "grpc"', "telemetry.protocol", "http/protobuf"),
        ("otpl = 1", "telemetry.otpl", "did you mean `otlp`"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(tmp_path, text, field, said):
    message = problems(tmp_path, text)
    assert field in message
    assert said in message


def test_headers_in_the_clear_are_warned_of_unless_they_stay_here(tmp_path):
    headers = 'headers = { authorization = "x" }'
    far = settings_in(tmp_path, f'[telemetry]\notlp = "http://collector:4318"\n{headers}')
    near = settings_in(tmp_path, f'[telemetry]\notlp = "http://localhost:4318"\n{headers}')
    assert any("is not https" in str(warning) for warning in far.warnings)
    assert not any("is not https" in str(warning) for warning in near.warnings)


@pytest.mark.parametrize(
    ("told", "environment", "endpoint"),
    [
        (Telemetry(), {}, ""),
        (Telemetry(otlp="http://a"), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, "http://a"),
        (Telemetry(), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, "http://b"),
        (Telemetry(), {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/v1/traces"}, "http://t/v1/traces"),
        (Telemetry(otlp="http://a"), {"OTEL_SDK_DISABLED": "true"}, ""),
        (Telemetry(spans=False, metrics=False), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, ""),
    ],
)
def test_the_file_wins_over_the_variables_and_nothing_is_nowhere(told, environment, endpoint):
    assert endpoint_in(told, environment) == endpoint


def test_the_service_is_called_as_somebody_said():
    assert service_name(Telemetry(), {"OTEL_SERVICE_NAME": "b"}) == "b"
    assert service_name(Telemetry(service_name="a"), {"OTEL_SERVICE_NAME": "b"}) == "a"
    assert service_name(Telemetry(), {}) == "farthing"


def test_it_is_said_back(tmp_path):
    settings = settings_in(tmp_path, '[telemetry]\notlp = "http://localhost:4318"\nmetrics = false\nhide = ["user"]')
    assert list(telemetry_lines(settings, {})) == [
        "spans go to http://localhost:4318 as farthing",
        "/metrics is told apart by provider, model, team, at most 100 values of each",
        "spans do not carry user",
    ]
    assert len(list(telemetry_lines(settings_in(tmp_path), {}))) == 1
