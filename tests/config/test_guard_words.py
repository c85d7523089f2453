"""Guards said back in words."""

from farthing.config.explain import explain
from farthing.config.guard_words import guard_lines
from support.configs import load_text

TEXT = """
[[limits]]
match = { user = "*" }
requests = 60
concurrency = 1
[guard]
same_call = 3
tool_calls = 1_000
minutes = 60
cost = "2 USD"
poll = ["get_status"]
"""


def test_limits_and_breakers_are_said_in_words(tmp_path):
    rates, agents = guard_lines(load_text(tmp_path, TEXT))
    assert rates == "at most 60 requests per minute for user * and 1 call at once for user *"
    assert agents.startswith(
        "an agent is stopped for 5 min: after 3 times round, or past 1,000 tool calls, 60 minutes, 2"
    )
    assert agents.endswith(" USD of a session; get_status may repeat")


def test_a_guard_that_only_alerts_says_so(tmp_path):
    (line,) = guard_lines(load_text(tmp_path, '[guard]\ndo = "alert"\n'))
    assert line.startswith("an agent is told, and not stopped")


def test_they_have_their_section_and_so_has_nothing(tmp_path):
    assert "Guards\n  at most 60 requests" in explain(load_text(tmp_path, TEXT))
    assert "Guards\n  none: no rates" in explain(load_text(tmp_path, ""))
