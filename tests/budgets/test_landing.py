"""What is kept for the last answers of runs, by account and run."""

from farthing.budgets import landing
from farthing.budgets.landing import SetAside
from support.money import ask, charge, key

ACCOUNT = key(window="run:a")
OTHER = key("c", window="run:a")


def keeping(*amounts, **more):
    return ask(1, charge(ACCOUNT, 1), charge(OTHER, 1), landing=amounts, **more)


def test_nothing_is_kept_at_first_and_that_costs_a_look_at_nothing():
    aside = SetAside()
    assert not aside
    assert aside.on(ACCOUNT) == 0
    assert dict(aside.beside(keeping())) == {}


def test_what_a_call_keeps_itself_counts_before_what_is_kept_already():
    aside = SetAside()
    aside.resize(keeping((ACCOUNT, 5), (OTHER, 7)))
    assert aside
    assert dict(aside.beside(keeping((ACCOUNT, 2)))) == {ACCOUNT: 2, OTHER: 7}
    assert dict(aside.beside(keeping())) == {ACCOUNT: 5, OTHER: 7}


def test_the_last_call_leaves_nothing_and_uses_it_up():
    aside = SetAside()
    aside.resize(keeping((ACCOUNT, 5)))
    last = keeping(lands=True)
    assert dict(aside.beside(last)) == {}
    aside.resize(last)
    assert not aside


def test_a_run_is_freed_as_a_whole_and_no_other():
    aside, elsewhere = SetAside(), key(window="run:b")
    aside.resize(keeping((ACCOUNT, 5), (OTHER, 7)))
    aside.resize(ask(2, charge(elsewhere, 1), landing=((elsewhere, 3),)))
    assert set(aside.free("run:a")) == {ACCOUNT, OTHER}
    assert aside.free("run:a") == ()
    assert aside.on(elsewhere) == 3


def test_the_run_that_called_longest_ago_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(landing, "MOST_RUNS", 2)
    aside = SetAside()
    accounts = [key(window=f"run:{name}") for name in "abca"]
    for account in (accounts[0], accounts[1], accounts[3], accounts[2]):
        aside.resize(ask(1, charge(account, 1), landing=((account, 1),)))
    assert [aside.on(account) for account in accounts] == [1, 0, 1, 1]
