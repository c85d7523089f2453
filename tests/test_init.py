"""What stands in `farthing` itself, for editors, notebooks and tracebacks."""

import pickle

import pytest

import farthing

ERRORS = [
    name
    for name in farthing.__all__
    if isinstance(kind := getattr(farthing, name), type) and issubclass(kind, Exception)
]


def test_everything_is_offered_before_any_of_it_is_loaded():
    assert set(dir(farthing)) == {*farthing.__all__, "testing"}
    for name in dir(farthing):
        assert getattr(farthing, name) is not None


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_of_one_family(name):
    assert issubclass(getattr(farthing, name), farthing.FarthingError)


@pytest.mark.parametrize("name", ["Misused", "Refused", "BudgetExceeded", "NoBudget", "ToolRefused", "NotCharged"])
def test_an_error_is_named_as_a_program_imports_it_and_goes_from_process_to_process(name):
    kind = getattr(farthing, name)
    assert kind.__module__ == "farthing"
    assert type(pickle.loads(pickle.dumps(kind("why")))) is kind


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Budget'"):
        farthing.Budget  # noqa: B018 - asked for
