"""Errors become words and documented codes; nobody sees a traceback unasked."""

import click
import pytest
from click.testing import CliRunner

from farthing.cli.commands import BAD_CONFIG, FAILED, UNAVAILABLE, USAGE, Commands, Said
from farthing.domain.errors import BadConfig, BadRequest, LedgerUnavailable, StoreBroken

TABLE = {"go": ("tests_cli_commands:go", "Go."), "stop": ("tests_cli_commands:stop", "Stop.")}


class Raising(Commands):
    """A group whose only command raises what it was given."""

    def __init__(self, error: Exception) -> None:
        super().__init__(name="farthing", table=TABLE, params=[click.Option(["--traceback"], is_flag=True)])
        self.error = error

    def get_command(self, ctx, cmd_name):
        def run() -> None:
            raise self.error

        return click.Command("go", callback=run)


def run(error: Exception, *words: str):
    return CliRunner().invoke(Raising(error), [*words, "go"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Said("no", 7), 7),
        (BadConfig("x is wrong"), BAD_CONFIG),
        (StoreBroken("damaged"), UNAVAILABLE),
        (LedgerUnavailable("disk full"), UNAVAILABLE),
        (BadRequest("no such key"), FAILED),
        (ZeroDivisionError("oops"), FAILED),
        (click.UsageError("not so"), USAGE),
    ],
)
def test_each_error_has_its_code_and_its_words(error: Exception, code: int):
    result = run(error)
    assert result.exit_code == code
    assert str(getattr(error, "message", error)) in result.stderr
    assert "Traceback" not in result.output


def test_an_error_of_our_own_says_how_to_see_where():
    assert "--traceback" in run(ZeroDivisionError("oops")).stderr


def test_the_traceback_can_be_asked_for():
    result = run(ZeroDivisionError("oops"), "--traceback")
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_misspelt_command_is_told_the_nearest():
    result = CliRunner().invoke(Commands(name="farthing", table=TABLE), ["stpo"])
    assert result.exit_code == USAGE
    assert "did you mean `stop`" in result.output


def test_a_word_that_is_like_no_command_is_pointed_to_the_list():
    result = CliRunner().invoke(Commands(name="farthing", table=TABLE), ["xyzzy"])
    assert result.exit_code == USAGE
    assert "--help" in result.output
