"""What a replay shows: both worlds side by side, changes only where there are any, and cells that are no formulas."""

import io

from farthing.cli.replay.text import plain, show, write_csv
from farthing.replay.policy import NEEDS_CONTENT, Remark
from support.past_calls import a_call, a_run, tallied

POLICY = '[[budgets]]\nname = "run"\nwindow = "run"\ncalls = 2\n'
REMARK = Remark(NEEDS_CONTENT, "[cache] near", "it is in the words")


def shown(capsys, tally, *, runs=False):
    show(tally, [REMARK], None, runs=runs)
    return capsys.readouterr().out


def test_what_changes_has_a_share_and_what_does_not_has_none(capsys):
    lines = shown(capsys, tallied(a_run("one", 4), POLICY)).splitlines()
    (cost,) = (line for line in lines if line.startswith("cost "))
    assert "$0.014" in cost
    assert "$0.007" in cost
    assert "-50.0 %" in cost
    same = shown(capsys, tallied(a_run("one", 4)))
    assert "%" not in next(line for line in same.splitlines() if line.startswith("cost "))


def test_runs_say_how_they_ended(capsys):
    text = shown(capsys, tallied([*a_run("one", 4), *a_run("two", 1, begin=60)], POLICY), runs=True)
    assert "runs: 1 as recorded, 0 landed with a last answer, 1 stopped by a refusal" in text
    assert "stopped (budget_exceeded)" in text
    assert "2 of 4" in text


def test_remarks_are_said_by_name(capsys):
    assert "needs content: [cache] near: it is in the words" in shown(capsys, tallied([a_call()]))


def test_json_has_every_run_where_it_is_asked_for():
    tally = tallied(a_run("one", 4), POLICY)
    assert plain(tally, [], None, runs=False)["runs"] is None
    (run,) = plain(tally, [REMARK], None, runs=True)["runs"]
    assert (run["run"], run["ending"], run["replayed"]["not_made"]) == ("one", "stopped", 1)
    assert run["recorded"]["cost_usd"] == "0.014"


def test_no_cell_is_taken_for_a_formula():
    out = io.StringIO()
    write_csv(tallied(a_run("=evil()", 1)), out)
    assert "'=evil()" in out.getvalue()
