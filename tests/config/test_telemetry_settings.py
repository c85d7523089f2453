"""`[telemetry]` as it is read: units, secrets by reference, and nothing sent by default."""

from farthing.config.telemetry_settings import Telemetry
from support.engines import settings_in

TABLE = """
[telemetry]
otlp = "http://localhost:4318"
headers = { Authorization = "env:OPENAI_API_KEY" }
every = "1m"
attributes = { "deployment.environment.name" = "staging" }
"""


def test_a_table_is_read_with_its_units_and_its_secrets_kept(tmp_path):
    told = settings_in(tmp_path, TABLE).telemetry
    assert told.every_seconds == 60
    assert told.attributes == (("deployment.environment.name", "staging"),)
    [(name, secret)] = told.headers
    assert name == "authorization"
    assert secret.reveal()
    assert secret.reveal() not in repr(told)


def test_nothing_is_sent_by_default(tmp_path):
    assert settings_in(tmp_path).telemetry == Telemetry()
    assert Telemetry().otlp == ""
