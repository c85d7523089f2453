"""Changes: each is the admin side's own, in force when the page is back."""

from farthing.domain.budget import Unit
from farthing.domain.ids import show
from farthing.ports.approvals import PREFIX


def left(world, budget):
    rows = world.client.get("/farthing/v1/budgets").json()["budgets"]
    return next(each for each in rows if each["name"] == budget)["accounts"][0]["left"]


def test_a_raise_is_in_force_and_has_who_and_why(fresh, fresh_visitor):
    answer = fresh_visitor.send(
        "/dashboard/budgets/raise", budget="trial", amount="$1.5", unit="usd", reason="demo day"
    )
    assert answer.headers["location"] == "/dashboard/budgets?done=raised"
    assert left(fresh, "trial") == "1.504"
    (grant,) = fresh.gateway.engine.directory.load().grants
    assert (grant.reason, grant.by) == ("demo day", "admin side without keys")
    assert "Raised: whoever waits" in fresh_visitor.get(answer.headers["location"]).text


def test_what_cannot_be_raised_is_refused_with_the_admin_side_s_words(fresh_visitor):
    for fields, words in (
        ({"budget": "trial", "amount": "0"}, "more than nothing"),
        ({"budget": "nobody", "amount": "1"}, "there is no budget"),
        ({"budget": "trial", "amount": "x"}, "not an amount"),
        ({"budget": "trial", "amount": ""}, "amount is missing"),
        ({"budget": "each user, daily", "amount": "1"}, "say which"),
        ({"budget": "trial", "amount": "1", "unit": "cows"}, "no unit"),
        ({"budget": "trial", "amount": "1", "reason": "x" * 501}, "at most 500"),
    ):
        answer = fresh_visitor.send("/dashboard/budgets/raise", **fields)
        assert answer.status_code in (400, 404), fields
        assert words in answer.text, fields


def test_a_budget_is_made_and_removed(fresh, fresh_visitor):
    made = {
        "name": "pilot",
        "amount": "7",
        "unit": "usd",
        "window": "day",
        "match": "team=pilot, user=a*",
        "hard": "approve",
    }
    assert fresh_visitor.send("/dashboard/budgets/make", **made, each="").status_code == 303
    (budget,) = fresh.gateway.engine.directory.load().budgets
    assert budget.limit(Unit.USD) == 7_000_000_000
    assert budget.match == (("team", "pilot"), ("user", "a*"))
    assert budget.hard == "approve"
    assert fresh_visitor.send("/dashboard/budgets/make", **made, each="").status_code == 409
    assert fresh_visitor.send("/dashboard/budgets/remove", budget="pilot").status_code == 303
    assert fresh.gateway.engine.directory.load().budgets == ()
    assert fresh_visitor.send("/dashboard/budgets/remove", budget="trial").status_code == 409


def test_a_budget_that_cannot_be_is_not_made(fresh, fresh_visitor):
    for fields in (
        {"name": "x", "amount": "5", "match": "team"},
        {"name": "x", "amount": "5", "hard": "maybe"},
        {"name": "x", "amount": "5", "window": "eon"},
    ):
        assert fresh_visitor.send("/dashboard/budgets/make", **fields).status_code == 400, fields
    assert fresh.gateway.engine.directory.load().budgets == ()


def test_somebody_is_suspended_and_resumed(fresh, fresh_visitor):
    call = [{"role": "user", "content": "Hello"}]
    assert (
        fresh_visitor.send("/dashboard/suspend", label="user", value="eve", minutes="5", reason="loop").status_code
        == 303
    )
    assert fresh.turn("gpt-4o-mini", call, {"user": "eve"}, 5).json()["error"]["code"] == "suspended"
    assert "loop" in fresh_visitor.get("/dashboard/budgets").text
    assert fresh_visitor.send("/dashboard/resume", label="user", value="eve").status_code == 303
    assert fresh.turn("gpt-4o-mini", call, {"user": "eve"}, 5).status_code == 200
    assert fresh_visitor.send("/dashboard/suspend", label="user", value="eve", minutes="soon").status_code == 400
    assert fresh_visitor.send("/dashboard/suspend", label="user", value="eve", minutes="-1").status_code == 400


def test_an_approval_is_granted_or_declined(fresh, fresh_visitor):
    fresh.refuse()
    (pending,) = fresh.gateway.engine.store.approvals.recent(limit=5, now_ms=fresh.clock(), state="pending")
    address = f"/dashboard/approvals/{show(PREFIX, pending.id)}"
    assert address in fresh_visitor.get("/dashboard/budgets").text
    assert fresh_visitor.send(f"{address}/grant", amount="2", reason="go on").status_code == 303
    assert fresh.turn("gpt-4o", [{"role": "user", "content": "Now"}], {"team": "trial"}, 1_000).status_code == 200
    assert fresh_visitor.send(f"{address}/decline", reason="too late").status_code == 303
    assert fresh.gateway.engine.store.approvals.find(pending.id, fresh.clock()).state == "granted"
    assert fresh_visitor.send("/dashboard/approvals/appr_00000000000000ff/grant").status_code == 404


def test_a_gate_that_is_not_closed_cannot_be_opened(fresh_visitor):
    assert fresh_visitor.send("/dashboard/gates/open", gate="openai/gpt-4o").status_code == 404


def test_an_alert_is_acknowledged(fresh, fresh_visitor):
    fresh.refuse()
    fresh.gateway.flush()
    told = fresh.gateway.engine.alerting.watch.step(fresh.clock())
    known = told or fresh.gateway.engine.store.outbox.recent(limit=5)
    alert = known[0].id
    assert fresh_visitor.send(f"/dashboard/alerts/{alert}/acknowledge", on="/dashboard/budgets").status_code == 303
    assert fresh.gateway.engine.store.outbox.find(alert).acknowledged_by
    assert "Seen by" in fresh_visitor.get("/dashboard/alerts").text
