"""H. Windows that turned late, twice or never, and limits that forgot, R63 to R69: gateways whose clock the test moves."""

import asyncio
import threading
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from farthing.accounts.secrets import digest, issue
from farthing.config.build import refresh, reload
from farthing.config.load import load
from farthing.domain.key import Key
from farthing.domain.money import parse_usd
from farthing.domain.usage import Usage
from farthing.testing import Fault
from support.callers import at_once, cost_of, gateway_before, held, money, provider_of, refused_by, send, settled
from support.gateway import write_config
from support.hasty import PATHS, eventually
from support.ledgers import Clock

HOUR_MS = 3_600_000
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def provider():
    with provider_of() as simulated:
        yield simulated


def at(text, zone=NEW_YORK):
    """Milliseconds since 1970 of a moment on the wall."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1_000)


def by_window(gateway, budget):
    """What is posted and held on each of the budget's windows."""
    gateway.flush()
    return {each.account.window: (each.posted, each.held) for each in gateway.engine.records.accounts(budget)}


def reconfigure(gateway, provider, folder, more):
    """What SIGHUP does: the file anew, the store kept."""
    settings = load(write_config(folder, provider.url, more), {})
    asyncio.run_coroutine_threadsafe(reload(gateway.engine, settings), gateway.loop).result(30)


def statuses(url, times, **more):
    return [send(url, **more).status_code for _ in range(times)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_r63_a_call_that_ends_after_the_window_closed_is_posted_where_it_was_held(tmp_path, provider, stream):
    """litellm: spend waited in a buffer over the turn of the window and was posted to the next one."""
    each, clock = cost_of(provider), Clock(at("2027-03-03T23:59:59"))
    provider.faults.push(Fault(kind="latency", seconds=0.4))
    with gateway_before(
        provider, tmp_path, money("day", 10 * each, window='"day"', tz='"America/New_York"'), clock
    ) as gateway:
        late = threading.Thread(target=send, args=(gateway.url,), kwargs={"stream": stream})
        late.start()
        eventually(lambda: len(provider.bill) == 1, "it is under way")
        clock.now_ms += 2_000
        late.join(30)
        assert send(gateway.url).status_code == 200
        found = by_window(gateway, "day")
    assert sorted(found.values()) == [(each, 0), (each, 0)]
    assert [name[:10] for name in sorted(found)] == ["2027-03-03", "2027-03-04"]


@pytest.mark.parametrize("date", ["2027-01-14", "2027-03-14", "2027-07-04", "2027-11-07"])
def test_r64_a_day_ends_at_midnight_of_its_own_zone(tmp_path, provider, date):
    """litellm: the zone was stripped and the day reset nine hours late: of $100 a day $75 could be used.

    Two of these days have 23 and 25 hours.
    """
    each, clock = cost_of(provider), Clock(at(f"{date}T00:00:00"))
    settings = money("day", each + each // 2, window='"day"', tz='"America/New_York"')
    midnight = at(f"{date[:8]}{int(date[8:]) + 1:02}T00:00:00")
    with gateway_before(provider, tmp_path, settings, clock) as gateway:
        assert statuses(gateway.url, 2) == [200, 402]
        clock.now_ms = midnight - 1
        refused = refused_by(send(gateway.url))
        assert datetime.fromisoformat(refused["resets_at"]).timestamp() * 1_000 == midnight
        clock.now_ms = midnight
        assert statuses(gateway.url, 2) == [200, 402]


def test_r65_a_counter_is_never_zeroed_so_turning_twice_gives_nothing(tmp_path, provider):
    """litellm: the counter was zeroed before the next reset time was kept, and so could be zeroed again.

    The gateway is stopped right after the turn and started with a clock that stands before it.
    """
    each, clock = cost_of(provider), Clock(at("2027-03-03T10:59:59"))
    settings = money("hour", 2 * each + each // 2, window='"hour"')
    for _ in range(3):
        clock.now_ms = at("2027-03-03T10:59:59")
        with gateway_before(provider, tmp_path, settings, clock) as gateway:
            at_once([partial(send, gateway.url)] * 4)
            clock.now_ms += 1_000
            at_once([partial(send, gateway.url)] * 4)
            clock.now_ms -= 1_000
            assert statuses(gateway.url, 1) == [402]
            assert sorted(by_window(gateway, "hour").values()) == [(2 * each, 0), (2 * each, 0)]
    assert provider.bill.nanos == 4 * each


@pytest.mark.parametrize("window", ["hour", "day", "week", "month"])
def test_r66_every_window_opens_again_and_only_then(tmp_path, provider, window):
    """litellm: budgets that never reset, that reset late, or whose old counter came back after the reset."""
    each, clock = cost_of(provider), Clock(at("2027-01-30T12:34:56"))
    settings = money("turning", each + each // 2, window=f'"{window}"', tz='"America/New_York"')
    with gateway_before(provider, tmp_path, settings, clock) as gateway:
        for turn in range(1, 6):
            assert statuses(gateway.url, 2) == [200, 402]
            resets = refused_by(send(gateway.url))["resets_at"]
            closes_ms = int(datetime.fromisoformat(resets).timestamp() * 1_000)
            assert clock.now_ms < closes_ms <= clock.now_ms + 31 * 24 * HOUR_MS + HOUR_MS
            clock.now_ms = closes_ms - 1
            assert statuses(gateway.url, 1) == [402]
            clock.now_ms = closes_ms + (turn == 3) * 90 * 24 * HOUR_MS  # once nobody calls for three months
        assert provider.bill.nanos == 5 * each


def test_r66_a_window_turns_while_the_gateway_is_not_running(tmp_path, provider):
    each, clock = cost_of(provider), Clock(at("2027-03-03T12:00:00"))
    settings = money("day", each + each // 2, window='"day"')
    for _ in range(3):
        with gateway_before(provider, tmp_path, settings, clock) as gateway:
            assert statuses(gateway.url, 2) == [200, 402]
        with gateway_before(provider, tmp_path, settings, clock) as gateway:
            assert statuses(gateway.url, 1) == [402]
        clock.now_ms += 24 * HOUR_MS


def test_r67_a_window_that_is_added_begins_with_nothing_spent(tmp_path, provider):
    """litellm: a window added to a key kept the spend of its whole life and refused everything at once."""
    each, clock = cost_of(provider), Clock(at("2027-03-03T12:00:00"))
    month = money("month", 20 * each, window='"month"')
    with gateway_before(provider, tmp_path, month, clock) as gateway:
        assert statuses(gateway.url, 10) == [200] * 10
        reconfigure(gateway, provider, tmp_path, month + money("day", 2 * each + each // 2, window='"day"'))
        assert statuses(gateway.url, 3) == [200, 200, 402]
        reconfigure(gateway, provider, tmp_path, money("month", 3 * each + each // 2, window='"hour"'))
        assert statuses(gateway.url, 4) == [200, 200, 200, 402]
        reconfigure(gateway, provider, tmp_path, money("month", 16 * each + each // 2, window='"month"'))
        assert statuses(gateway.url, 5) == [200, 200, 200, 200, 402], "twelve of sixteen were spent in this month"


KEY = '[[keys]]\nname = "{name}"\nsecret = "{secret}"\nlabels = {{ team = "support" }}\n'


def test_r68_a_new_secret_or_a_new_key_opens_no_fresh_window(tmp_path, provider):
    """litellm: rotating a key gave it a new id, and the new id a full budget."""
    each = cost_of(provider)
    team = money("team", 2 * each + each // 2, match='{ team = "support" }', window='"month"')
    old, new = (f"{word}-secret-that-is-long-enough-to-be-one" for word in ("old", "new"))
    with gateway_before(provider, tmp_path, team + KEY.format(name="bot", secret=old)) as gateway:
        assert statuses(gateway.url, 3, key=old) == [200, 200, 402]
        reconfigure(gateway, provider, tmp_path, team + KEY.format(name="bot", secret=new))
        assert send(gateway.url, key=old).status_code == 401
        assert parse_usd(refused_by(send(gateway.url, key=new))["spent_usd"]) == 2 * each
        reconfigure(gateway, provider, tmp_path, team + KEY.format(name="another name", secret=new))
        assert parse_usd(refused_by(send(gateway.url, key=new))["spent_usd"]) == 2 * each
        made = issue(bytes(range(37)))
        stored = Key(id=made.id, name="made by the API", digest=digest(made.secret), labels=(("team", "support"),))
        gateway.engine.directory.add_key(stored, "an operator")
        asyncio.run_coroutine_threadsafe(refresh(gateway.engine), gateway.loop).result(30)
        assert parse_usd(refused_by(send(gateway.url, key=made.secret))["spent_usd"]) == 2 * each
    assert provider.bill.nanos == 2 * each


FREE = '[[prices]]\nmodel = "house-model"\nfree = true\n'


@pytest.mark.parametrize("budgets", ["", money("others", 0, match='{ team = "other" }')], ids=["no_budget", "anothers"])
def test_r69_a_call_that_no_budget_speaks_of_is_never_refused(tmp_path, provider, budgets):
    """litellm and Bifrost: refused where no budget was set, and for a budget that was not the caller's."""
    with gateway_before(provider, tmp_path, budgets) as gateway:
        got = at_once(
            [partial(send, gateway.url, dialect, labels="team=mine") for dialect in [*PATHS, "embeddings"] * 5]
        )
        assert {answer.status_code for answer in got} == {200}


def test_r69_a_free_model_is_never_refused_for_money(tmp_path, provider):
    """litellm: models that cost nothing were refused once the budget of the paid ones was used up."""
    each = cost_of(provider)
    with gateway_before(provider, tmp_path, FREE + money("all", each + each // 2)) as gateway:
        assert statuses(gateway.url, 2) == [200, 402]
        assert statuses(gateway.url, 10, model="house-model") == [200] * 10
        assert settled(gateway, provider, "all")[0] == each
        assert all(entry.usage != Usage() for entry in provider.bill)


def test_r69_nobody_is_refused_while_there_is_money(tmp_path, provider):
    """litellm: a rule fired at $0.40 of $15. Twelve at once, again and again, within what all of them may hold together."""
    each = cost_of(provider)
    budgets = (
        money("all", 200 * each) + money("run", 30 * each, window='"run"') + money("user", 60 * each, each='"user"')
    )
    with gateway_before(provider, tmp_path, budgets) as gateway:
        for turn in range(4):
            got = at_once([partial(send, gateway.url, labels=f"run={turn % 2},user=u{n % 3}") for n in range(12)])
            assert {answer.status_code for answer in got} == {200}
        assert settled(gateway, provider, "all") == (48 * each, 48 * each)
        assert held(gateway) == 0
