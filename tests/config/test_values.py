"""Values: what people write is read exactly, and what cannot be accepted is answered with what to write."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from farthing.config import values
from farthing.config.values import Secret, Surroundings, Wrong

HERE = Surroundings({"NAME": "from the environment", "EMPTY": ""}, Path("/nonexistent"))


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (values.count, 0, 0),
        (values.count, 5_000_000, 5_000_000),
        (values.positive, 1, 1),
        (values.seconds, "20s", 20.0),
        (values.seconds, "1.5h", 5_400.0),
        (values.seconds, "250ms", 0.25),
        (values.seconds, "90d", 7_776_000.0),
        (values.size, "32 MiB", 33_554_432),
        (values.size, "64KiB", 65_536),
        (values.share, Decimal("0.8"), 0.8),
        (values.share, 1, 1.0),
        (values.millionths, Decimal("0.95"), 950_000),
        (values.millionths, 1, 1_000_000),
        (values.port, 0, 0),
        (values.window, "rolling:24h", "rolling:24h"),
        (values.zone, "Europe/Amsterdam", "Europe/Amsterdam"),
        (values.base_url, "https://api.example/v1/", "https://api.example/v1"),
        (values.base_url, "env:NAME", None),
        (values.name, "support, monthly", "support, monthly"),
        (values.labels, {"team": "b", "agent": "a"}, (("agent", "a"), ("team", "b"))),
        (values.patterns, {"user": "*", "team": "sup*"}, (("team", "sup*"), ("user", "*"))),
        (values.label_names, ["user", "cost-center"], ("user", "cost-center")),
        (values.text, "env:NAME", "from the environment"),
        (values.text, "plain: text", "plain: text"),
    ],
)
def test_what_is_meant_is_read(read, written, value):
    if value is None:
        with pytest.raises(ValueError):
            read(written, HERE)
    else:
        assert read(written, HERE) == value


@pytest.mark.parametrize(
    ("read", "written", "says"),
    [
        (values.count, -1, "whole number"),
        (values.count, True, "whole number"),
        (values.count, Decimal("1.5"), "whole number"),
        (values.count, 2**63, "whole number"),
        (values.positive, 0, "at least 1"),
        (values.seconds, 20, '"20s"'),
        (values.seconds, "20", '"20s"'),
        (values.seconds, "-1s", '"20s"'),
        (values.size, "32", '"32 MiB"'),
        (values.size, "0 B", '"32 MiB"'),
        (values.share, 0, "above 0"),
        (values.millionths, Decimal("0.0000001"), "six decimals"),
        (values.share, Decimal("1.01"), "at most 1"),
        (values.share, Decimal("NaN"), "share"),
        (values.share, True, "share"),
        (values.port, 65_536, "65535"),
        (values.port, True, "65535"),
        (values.window, "year", "rolling:24h"),
        (values.window, 5, "quotes"),
        (values.zone, "Mars", "Europe/Amsterdam"),
        (values.base_url, "ftp://x", "http"),
        (values.base_url, "http://169.254.169.254/", "cannot be a provider"),
        (values.name, "", "1 to 128"),
        (values.name, " a", "spaces"),
        (values.name, "a\nb", "printable"),
        (values.labels, {"Team": "a"}, "'Team'"),
        (values.labels, {"team": 5}, "quotes"),
        (values.labels, ["team"], "table"),
        (values.patterns, {"team": "a*b"}, "only at the end"),
        (values.label_names, "user", "list"),
        (values.label_names, ["User"], "'User'"),
        (values.secret, 5, "env:NAME"),
        (values.secret, "env:EMPTY", "EMPTY, which is not set"),
        (values.secret, "file:no/such", "no/such, which cannot be read: FileNotFoundError"),
        (values.secret_headers, {"x y": "a"}, "not the name of a header"),
        (values.secret_headers, {"x-y": "a\r\nb"}, "cannot be sent"),
        (values.secret_headers, "x", "table"),
    ],
)
def test_what_cannot_be_accepted_is_answered_with_what_to_write(read, written, says):
    with pytest.raises(ValueError, match=says):
        read(written, HERE)


def test_a_file_that_holds_nothing_is_no_secret(tmp_path):
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(Wrong, match="empty"):
        values.secret("file:empty", Surroundings({}, tmp_path))


def test_headers_are_lower_case_and_their_values_secret():
    found = values.secret_headers({"X-Team": "env:NAME"}, HERE)
    assert found == (("x-team", Secret("from the environment")),)
    assert "from the environment" not in repr(found)


def test_a_secret_shows_only_where_it_came_from():
    secret = values.secret("env:NAME", HERE)
    assert secret.reveal() == "from the environment"
    assert f"{secret} {secret!r} {[secret]}".count("Secret(from env:NAME)") == 3
    assert "environment" not in f"{secret}{secret!r}".replace("env:NAME", "")
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    assert secret
    assert not Secret("")
