"""What every command shares: loaded when it is called, errors that say what to do, and documented exit codes."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

OK = 0
FAILED = 1
"""It did not work, or a check found something."""
USAGE = 2
"""The command was not written as it must be (click's own code)."""
UNAVAILABLE = 69
INTERRUPTED = 130
"""The store or the address cannot be used now."""
STOPPED = 75
"""A budget stopped what was run."""
BAD_CONFIG = 78
"""The configuration cannot be accepted."""

EXIT_CODES = """\b
Exit codes:
  0   it worked
  1   it failed, or a check found something
  2   the command is not written as it must be
  69  the store, or an address, cannot be used now
  75  a budget stopped what was run
  78  the configuration cannot be accepted
"""


class Said(click.ClickException):
    """Something went wrong, in words: what happened and what to do next."""

    exit_code: int  # type: ignore[misc]  # of each one its own

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = code

    def show(self, file: Any = None) -> None:
        click.echo(f"farthing: {self.format_message()}", file=file or sys.stderr)


class Commands(click.Group):
    """A group whose commands are named by module and loaded on first use, so that `--help` is quick."""

    def __init__(self, *, table: Mapping[str, tuple[str, str]], **more: Any) -> None:
        """`table` is command → (`module:attribute`, one line of help)."""
        super().__init__(**more)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        found = getattr(import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.table and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, list(self.table), n=1)
            hint = f"; did you mean `{close[0]}`?" if close else "; `farthing --help` lists them"
            ctx.fail(f"there is no command {name!r}{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except BrokenPipeError:
            os._exit(OK)  # whoever read our output has seen enough
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            raise in_words(error) from error


def in_words(error: Exception) -> Said:
    """Any error as words and an exit code."""
    from farthing.domain.errors import BadConfig, FarthingError, LedgerUnavailable, StoreBroken

    match error:
        case BadConfig():
            return Said(str(error), BAD_CONFIG)
        case StoreBroken() | LedgerUnavailable():
            return Said(str(error), UNAVAILABLE)
        case FarthingError():
            return Said(str(error))
        case _:
            name = type(error).__name__
            return Said(
                f"an error of its own ({name}: {error}); `farthing --traceback …` shows where: please report it"
            )
