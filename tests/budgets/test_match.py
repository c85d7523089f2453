"""Matching: which budgets a call is charged to, under which value, and that callers cannot choose what they may not."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.match import RUN_COUNTS_MS, Resolver, Values, telling_labels
from farthing.budgets.window import windows
from farthing.domain.budget import Budget, Unit
from farthing.domain.labels import fits

NOW = 1_793_491_200_000  # 2026-11-01T00:00Z
DAY = 86_400_000


def budget(name: str, **fields) -> Budget:
    return Budget(name=name, limits=((Unit.CALLS, 5),), **fields)


def touched(resolver: Resolver, trusted=None, at_ms: int = NOW, key: str = "", max_values: int = 1_000, **labels: str):
    found = resolver.accounts(tuple(sorted(labels.items())), trusted, at_ms=at_ms, key=key, max_values=max_values)
    return [(touch.budget.name, touch.value) for touch in found]


def test_a_budget_without_labels_is_charged_for_every_call():
    assert touched(Resolver((budget("all"),))) == [("all", "")]


def test_every_label_a_budget_names_must_be_there():
    resolver = Resolver(
        (budget("both", match=(("team", "a"), ("agent", "bot"))), budget("team", match=(("team", "a"),)))
    )
    assert touched(resolver, team="a", agent="bot") == [("both", ""), ("team", "")]
    assert touched(resolver, team="a") == [("team", "")]
    assert touched(resolver, team="b", agent="bot") == []


def test_a_star_fits_any_ending_and_alone_any_value_that_is_there():
    resolver = Resolver((budget("any", match=(("user", "*"),)), budget("some", match=(("user", "ann*"),))))
    assert touched(resolver, user="anna") == [("any", ""), ("some", "")]
    assert touched(resolver, user="bob") == [("any", "")]
    assert touched(resolver) == []


def test_a_star_that_is_not_last_is_only_a_star():
    assert fits("a*b", "a*b")
    assert not fits("a*b", "axb")


def test_each_value_has_its_own_account_and_calls_without_one_share_one():
    resolver = Resolver((budget("per user", each="user"),))
    assert touched(resolver, user="ann") == [("per user", "ann")]
    assert touched(resolver, user="bob") == [("per user", "bob")]
    assert touched(resolver, team="x") == [("per user", "(none)")]


def test_labels_that_are_not_trusted_choose_nothing():
    resolver = Resolver(
        (budget("team a", match=(("team", "a"),)), budget("per user", each="user"), budget("run", window="run"))
    )
    trusted = frozenset({"team"})
    found = resolver.accounts((("run", "r"), ("team", "a"), ("user", "ann")), trusted, at_ms=NOW, key="k")
    assert [(touch.budget.name, touch.value) for touch in found] == [
        ("team a", ""),
        ("per user", "(none)"),
        ("run", ""),
    ]
    assert found[2].windows[0].name == "run:(none)"
    assert touched(resolver, frozenset({"user"}), key="k", team="a", user="ann") == [("per user", "ann"), ("run", "")]


def test_a_run_budget_gives_each_run_a_window():
    resolver = Resolver((budget("run", window="run"),))
    names = [resolver.accounts((("run", run),), None, at_ms=NOW)[0].windows[0].name for run in ("a", "b")]
    assert names == ["run:a", "run:b"]


def test_beyond_its_most_values_a_key_shares_one_account():
    resolver = Resolver((budget("per user", each="user", window="day"),))
    said = [touched(resolver, None, key="k", max_values=2, user=user)[0][1] for user in ("a", "b", "c", "a", "d")]
    assert said == ["a", "b", "(other)", "a", "(other)"]
    assert touched(resolver, None, key="another", max_values=2, user="c") == [("per user", "c")]
    assert touched(resolver, None, at_ms=NOW + DAY, key="k", max_values=2, user="c") == [("per user", "c")]


def test_without_a_key_there_is_no_bound_on_values():
    resolver = Resolver((budget("per user", each="user"),))
    assert [touched(resolver, max_values=1, user=user)[0][1] for user in "abc"] == ["a", "b", "c"]


def test_runs_beyond_the_most_share_a_window_until_earlier_ones_have_rested():
    resolver = Resolver((budget("run", window="run"),))

    def window_of(run: str, at_ms: int) -> str:
        return resolver.accounts((("run", run),), None, at_ms=at_ms, key="k", max_values=1)[0].windows[0].name

    assert [window_of("a", NOW), window_of("b", NOW + 1)] == ["run:a", "run:(other)"]
    assert window_of("b", NOW + 1 + RUN_COUNTS_MS) == "run:b"


def test_a_reload_forgets_no_value():
    budgets = (budget("per user", each="user"),)
    old = Resolver(budgets)
    touched(old, key="k", max_values=1, user="a")
    assert touched(Resolver(budgets, old.values), key="k", max_values=1, user="b") == [("per user", "(other)")]


def test_a_value_that_stays_in_use_under_a_rolling_window_stays_itself():
    resolver = Resolver((budget("per user", each="user", window="rolling:24h"),))
    for hours in range(0, 240, 7):
        at = NOW + hours * 3_600_000
        assert touched(resolver, at_ms=at, key="k", max_values=1, user="a") == [("per user", "a")]
        assert touched(resolver, at_ms=at, key="k", max_values=1, user="b") == [("per user", "(other)")]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50)), max_size=60), st.integers(1, 4))
def test_no_key_ever_has_more_values_alive_than_it_may(asks, most):
    values, now, alive = Values(), 0, {}
    for value, pause in asks:
        now += pause
        admitted = values.admit(("k", "b", "user"), value, now_ms=now, until_ms=now + 100, most=most)
        alive = {name: until for name, until in alive.items() if until > now}
        assert admitted in (value, "(other)")
        if admitted == value:
            alive[value] = now + 100
        assert len(alive) <= most


def test_the_answer_is_the_same_tuple_until_a_window_closes():
    resolver = Resolver((budget("day", window="day"), budget("month", window="month")))
    labels = (("step", "1"),)
    first = resolver.accounts(labels, None, at_ms=NOW)
    assert resolver.accounts((("step", "2"), ("trace", "x")), None, at_ms=NOW + DAY - 1) is first
    after = resolver.accounts(labels, None, at_ms=NOW + DAY)
    assert after[0].windows != first[0].windows
    assert after[1] == first[1]


def test_i18_a_clock_that_steps_back_opens_no_window_again():
    resolver = Resolver((budget("day", window="day"), budget("each", window="hour", each="user")))
    seen = resolver.accounts((("user", "a"),), None, at_ms=NOW + DAY)
    assert resolver.accounts((("user", "a"),), None, at_ms=NOW) == seen
    assert resolver.accounts((("user", "b"),), None, at_ms=NOW)[0] == seen[0]


def test_i18_what_was_remembered_for_a_closed_window_is_not_used_again_when_the_clock_steps_back():
    resolver = Resolver((budget("per user", each="user", window="day"),))
    resolver.accounts((("user", "a"),), None, at_ms=NOW)
    tomorrow = resolver.accounts((("user", "b"),), None, at_ms=NOW + DAY)[0].windows
    assert resolver.accounts((("user", "a"),), None, at_ms=NOW)[0].windows == tomorrow


def test_r63_what_was_touched_before_a_window_closed_is_still_named_after_it():
    """litellm#39150: spend kept back in a buffer was posted to the next window."""
    resolver = Resolver((budget("day", window="day"),))
    held = resolver.accounts((), None, at_ms=NOW)
    resolver.accounts((), None, at_ms=NOW + DAY)
    assert held[0].windows == windows("day", "UTC", NOW)


def test_a_caller_who_invents_values_cannot_fill_the_memory():
    resolver = Resolver((budget("per user", each="user"),))
    for number in range(20_000):
        resolver.accounts((("user", str(number)),), None, at_ms=NOW, key="k", max_values=10)
    assert len(resolver._known) <= 8_192
    assert sum(map(len, resolver.values._alive.values())) == 10


def test_only_labels_that_a_budget_names_tell_calls_apart():
    budgets = (budget("a", match=(("team", "x"),), each="user"), budget("b", window="run"))
    assert telling_labels(budgets) == {"team", "user", "run"}


def test_an_answer_says_until_when_it_is_right():
    resolver = Resolver((budget("day", window="day"), budget("month", window="month")))
    until_ms, touches = resolver.found((), None, at_ms=NOW, key="", max_values=10)
    assert until_ms == touches[0].windows[0].closes_ms <= NOW + DAY
    assert resolver.found((), None, at_ms=until_ms - 1, key="", max_values=10)[1] is touches
    assert resolver.found((), None, at_ms=until_ms, key="", max_values=10)[1] is not touches
    assert resolver.now_ms == until_ms
