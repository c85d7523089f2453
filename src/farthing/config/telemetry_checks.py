"""What the table `[telemetry]` comes to: where things go, what cannot be accepted, and what is said of it in words."""

import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from farthing.config.lines import Path
from farthing.config.problems import Problem
from farthing.config.settings import File, Settings
from farthing.config.telemetry_settings import Telemetry

_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def endpoint_in(told: Telemetry, environment: Mapping[str, str]) -> str:
    """Where things are sent: the configured endpoint, or that of the standard variables; "" for nowhere."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or not (told.spans or told.metrics):
        return ""
    return told.otlp or next((environment[name] for name in _ENDPOINTS if environment.get(name)), "")


def service_name(told: Telemetry, environment: Mapping[str, str]) -> str:
    """The configured name; the standard variable's where the configuration has only its default."""
    given = environment.get("OTEL_SERVICE_NAME", "")
    return given if given and told.service_name == Telemetry().service_name else told.service_name


def telemetry_problems(settings: File) -> Iterator[Problem]:
    """What cannot be accepted in `[telemetry]`."""
    told, path = settings.telemetry, ("telemetry",)
    yield from _address(told.otlp, (*path, "otlp"))
    if told.otlp and not (told.spans or told.metrics):
        yield Problem((*path, "otlp"), "nothing would be sent: spans and metrics are both off; remove one of the lines")
    if len(set(told.labels)) != len(told.labels) or {"run", "step", "trace"} & set(told.labels):
        message = "may not repeat a label nor name run, step or trace: each call would make a series of its own"
        yield Problem((*path, "labels"), message)
    if told.every_seconds < 1:
        yield Problem((*path, "every"), 'is too often; write "1s" or longer')


def telemetry_warnings(settings: File) -> Iterator[Problem]:
    """What deserves a look."""
    told = settings.telemetry
    url = urlsplit(told.otlp)
    if url.scheme == "http" and told.headers and url.hostname not in ("127.0.0.1", "localhost", "::1"):
        yield Problem(("telemetry", "otlp"), "is not https: the headers can be read on the way")


def telemetry_lines(settings: Settings, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """What `farthing check` says of it."""
    told = settings.telemetry
    where = endpoint_in(told, environment)
    if where:
        what = " and ".join(name for name, on in (("spans", told.spans), ("metrics", told.metrics)) if on)
        yield f"{what} go to {where} as {service_name(told, environment)}"
    by = ", ".join(("provider", "model", *told.labels))
    yield f"/metrics is told apart by {by}, at most {told.max_values} values of each"
    if told.hide:
        yield f"spans do not carry {', '.join(told.hide)}"


def _address(text: str, path: Path) -> Iterator[Problem]:
    url = urlsplit(text)
    if text and (url.scheme not in ("http", "https") or not url.hostname):
        yield Problem(path, "must be the base address of a collector, like http://localhost:4318")
    elif url.path.rstrip("/").endswith(("/v1/traces", "/v1/metrics")):
        yield Problem(path, "is the base address: leave out /v1/traces and /v1/metrics, which are added")
