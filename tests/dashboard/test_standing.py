"""How budgets stand: the same as on the admin side."""

from farthing.dashboard import standing
from farthing.domain.budget import Unit
from farthing.domain.refusal import amount_text
from support.admin import ask


def test_every_account_is_the_admin_side_s_to_the_nano_dollar(world):
    engine = world.gateway.engine
    room = standing.read(engine, engine.now_ms())
    told = {each["name"]: each for each in ask(world.gateway, "GET", "/farthing/v1/budgets").json()["budgets"]}
    assert {each.budget.name for each in room.every} == set(told)
    for each in room.every:
        mine = [
            (line.account.value, line.account.window, amount_text(line.account.unit, line.posted + line.unknown))
            for line in each.lines
        ]
        assert mine == [(a["value"], a["window"], a["spent"]) for a in told[each.budget.name]["accounts"]]


def test_an_overview_has_the_fullest_account_of_each_unit(world):
    room = standing.read(world.gateway.engine, world.gateway.engine.now_ms())
    users = [line for line in room.lines if line.budget.name == "each user, daily"]
    assert [line.standing.account.unit for line in users] == [Unit.USD, Unit.TOKENS]
    everybody = next(each for each in room.every if each.budget.name == "each user, daily")
    assert users[0].share == max(
        standing.Line(budget=each.budget, standing=line).share
        for each in (everybody,)
        for line in each.lines
        if line.account.unit is Unit.USD
    )


def test_a_run_s_account_names_its_run(world):
    room = standing.read(world.gateway.engine, world.gateway.engine.now_ms())
    assert any(line.run.startswith("reports-") for line in room.lines)
