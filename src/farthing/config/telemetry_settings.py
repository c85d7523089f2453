"""The table `[telemetry]`: where things are sent, and what metrics are told apart by."""

from typing import Annotated, Literal

import msgspec
from msgspec import field

from farthing.config import values
from farthing.config.values import LabelNames, Name, Pairs, Positive, Read, Seconds, Secret, Text


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """What other systems are told. `/metrics` is there without it; nothing is sent anywhere before `otlp` names a place."""

    otlp: Text = ""
    """`http://collector:4318`; without it the variables `OTEL_EXPORTER_OTLP_…` count."""
    headers: Annotated[tuple[tuple[str, Secret], ...], Read(values.secret_headers)] = ()
    """Sent with everything, like `{ authorization = "env:OTLP_AUTH" }`."""
    protocol: Literal["http/protobuf"] = "http/protobuf"
    spans: bool = True
    metrics: bool = True
    service_name: Name = "farthing"
    attributes: Pairs = ()
    """Of the resource, like `{ deployment = "staging" }`."""
    every_seconds: Seconds = field(default=15.0, name="every")
    """How often metrics are sent."""
    labels: LabelNames = ("team",)
    """Labels that metrics are told apart by, beside provider and model."""
    max_values: Positive = 100
    """Values of each of them; the others share `(other)`."""
    hide: LabelNames = ()
    """Labels that spans do not carry."""
