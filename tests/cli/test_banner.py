"""What `serve` says when it starts."""

import asyncio

from farthing.accounts.secrets import digest
from farthing.cli.banner import banner
from farthing.config.build import build, shut
from farthing.domain.budget import Budget, Unit
from farthing.domain.key import Key
from farthing.ports.directory import Stored
from support.configs import load_text

TEXT = """
[store]
url = "memory:"
[providers.anthropic]
format = "anthropic"
"""


def said(tmp_path, text: str = TEXT, keys: dict[str, Key] | None = None, stored: Stored | None = None) -> str:
    async def main() -> str:
        engine = await build(load_text(tmp_path, text, {}))
        engine.keys = keys if keys is not None else engine.keys
        try:
            return banner(engine, "http://127.0.0.1:4141", stored or Stored(version=1))
        finally:
            await shut(engine)

    return asyncio.run(main())


def test_only_the_clients_that_are_served_get_a_line(tmp_path):
    text = said(tmp_path)
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:4141" in text
    assert "OPENAI_BASE_URL" not in text
    assert "the caller's own key" in text
    assert "memory: gone when it stops" in text


def test_stored_budgets_are_told_too(tmp_path):
    stored = Stored(
        version=1, budgets=(Budget(name="b", limits=((Unit.CALLS, 7),), each="user", match=(("team", "a"),)),)
    )
    assert "b: 7 CALLS per lifetime, each user for team=a" in said(tmp_path, stored=stored)


def test_keys_are_named_and_what_is_wanted_of_callers_said(tmp_path):
    key = Key(id="i", name="bot", digest=digest("s"))
    text = said(tmp_path, keys={"i": key, key.digest: key})
    assert "1: bot" in text
    assert "export OPENAI_API_KEY=fk_" in text


def test_when_every_key_is_revoked_the_door_is_locked_and_that_is_said(tmp_path):
    assert "all revoked" in said(tmp_path, keys={"": Key(id="", name="-", digest="")})


def test_warnings_stand_in_it(tmp_path):
    assert "no provider" in said(tmp_path, '[store]\nurl = "memory:"\n')


def test_a_long_list_is_cut(tmp_path):
    budgets = "".join(f'[[budgets]]\nname = "b{n}"\ncalls = 1\n' for n in range(12))
    text = said(tmp_path, TEXT + budgets)
    assert "and 4 more" in text
    assert "b11" not in text
