"""What a `farthing run` is started in, and where it would charge nobody."""

import pytest

from farthing.cli.commands import Said
from farthing.cli.joining import Joined, check_known, joined, outside
from support.sdk_world import sdk

AROUND = {"FARTHING_RUN": "run=r-1,run.1=s-2", "FARTHING_STORE": "/data/farthing.db"}


def started_in(wanted=None, **changed):
    environment = {name: value for name, value in {**AROUND, **changed}.items() if value}
    with sdk(**{name.removeprefix("FARTHING_").lower(): value for name, value in environment.items()}):
        return joined(environment, wanted)


def test_budgets_around_it_are_named_with_their_file():
    assert started_in() == Joined((("run", "r-1"), ("run.1", "s-2")), "/data/farthing.db")
    assert started_in("/data/farthing.db") == started_in()


def test_a_name_alone_says_nothing_of_a_file():
    assert started_in(FARTHING_RUN="outer-7") == Joined((("run", "outer-7"),))
    assert started_in(FARTHING_RUN="") == Joined()


@pytest.mark.parametrize(
    ("changed", "wanted", "words"),
    [
        ({"FARTHING_STORE": ""}, None, "set FARTHING_STORE"),
        ({"FARTHING_STORE": "https://gateway.example"}, None, "by the gateway at https://gateway.example"),
        ({}, "/data/other.db", "leave out --store"),
        ({"FARTHING_RUN": "team=a"}, None, "names a run"),
    ],
)
def test_where_nobody_would_be_charged_it_is_refused(changed, wanted, words):
    with pytest.raises(Said, match=words):
        started_in(wanted, **changed)


def test_calls_without_the_key_of_the_run_are_refused_inside_of_budgets_only():
    check_known(Joined(), "")
    check_known(Joined((), "/data/farthing.db"), "secret")
    with pytest.raises(Said, match="cannot pass through"):
        check_known(Joined((), "/data/farthing.db"), "")


def test_the_command_does_not_charge_once_more_what_its_gateway_charges():
    assert outside({**AROUND, "A": "b"}) == {"FARTHING_RUN": AROUND["FARTHING_RUN"], "A": "b"}
    assert outside({"FARTHING_STORE": "x"}) == {"FARTHING_STORE": "x"}
