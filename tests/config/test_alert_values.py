"""What `[[alerts]]` may say is read at load time, and every mistake stands at its line and shows no secret."""

import pytest

from farthing.alerts.when import parse
from farthing.notify.address import LOG
from support.configs import load_text, problems

ENV = {"ALERT_URL": "https://hooks.example.com/T0K3N", "CHAT": "slack://T0K3N/B/C"}


def of(text):
    return f"[[alerts]]\n{text}\n"


def test_a_rule_and_its_addresses_are_read(tmp_path):
    (alert,) = load_text(tmp_path, of('when = "budget>80%"\nto = ["log", "env:ALERT_URL", "env:CHAT"]'), ENV).alerts
    assert alert.when == parse("budget > 80%")
    assert [target.kind for target in alert.to] == ["log", "webhook", "apprise"]
    assert alert.to[0] == LOG
    assert [target.origin for target in alert.to[1:]] == ["env:ALERT_URL", "env:CHAT"]
    assert "T0K3N" not in repr(alert)


def test_without_addresses_there_are_none(tmp_path):
    (alert,) = load_text(tmp_path, of('when = "loop"')).alerts
    assert alert.to == ()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('when = "budgte > 80%"', 2, "column 1: `budgte` is nothing that can be watched; did you mean `budget`?"),
        ('when = "budget < 80%"', 2, "column 8: `budget` is limited from above"),
        ('when = ""', 2, "write a rule like"),
        ("when = 80", 2, "quotes"),
        ('to = ["log"]', 1, "`when` is missing"),
        ('when = "loop"\nto = "log"', 3, "must be a list like"),
        ('when = "loop"\nto = []', 3, "leave it out for the log alone"),
        ('when = "loop"\nto = ["log", "env:NOBODY"]', 3, "address 2: refers to the environment variable NOBODY"),
        ('when = "loop"\nto = ["log", "env:ALERT_URL#x"]', 3, "address 2: "),
        ('when = "loop"\nto = ["nowhere"]', 3, 'address 1: write "log", a webhook'),
        ('when = "loop"\nto = ["http://169.254.169.254/x"]', 3, "address 1: alerts cannot go there"),
        ('when = "loop"\nto = ["https://hooks.slack.com/services/T0K3N"]', 3, "slack://"),
        ('when = "loop"\nmatch = { team = "a" }', 3, "is not a setting"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path, text, line, says):
    (found,) = problems(tmp_path, of(text), ENV)
    assert found.startswith(f"farthing.toml:{line}: alerts[0]")
    assert says in found
    assert "T0K3N" not in found
