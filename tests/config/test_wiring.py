"""What file and store say together: the file's names win, and the last key revoked leaves the door locked."""

from farthing.accounts.secrets import digest, find
from farthing.config.wiring import budgets_in_force, keys_in_force, provider_of, upstream_for
from farthing.domain.budget import Budget, Unit
from farthing.domain.key import Key
from farthing.ports.directory import Stored
from farthing.providers.pool import Pool
from support.engines import FILE, settings_in

KEY = '[[keys]]\nname = "bot"\nsecret = "env:BOT_KEY"\n'
ANTHROPIC = """
[providers.second]
format = "anthropic"
base_url = "https://example.com/base/"
api_key = "env:BOT_KEY"
headers = { X-Team = "a" }
count_tokens = false
retries = 99
"""


def test_the_files_budget_wins_over_a_stored_one_of_its_name(tmp_path):
    stored = Stored(
        version=1,
        budgets=(
            Budget(name="all", limits=((Unit.USD, 1),)),
            Budget(name="more", limits=((Unit.USD, 1),), source="store"),
        ),
    )
    found = {budget.name: budget for budget in budgets_in_force(settings_in(tmp_path), stored)}
    assert found["all"].limit(Unit.USD) == 1_000_000_000
    assert found["all"].source == "file"
    assert found["more"].source == "store"


def test_without_any_key_there_are_none(tmp_path):
    assert keys_in_force(settings_in(tmp_path), Stored(version=1)) == {}


def test_keys_of_file_and_store_are_found_by_their_secrets(tmp_path):
    stored = Stored(version=1, keys=(Key(id="s", name="s", digest=digest("s" * 20), source="store"),))
    keys = keys_in_force(settings_in(tmp_path, KEY), stored)
    assert find(keys, "b" * 32).name == "bot"
    assert find(keys, "s" * 20).name == "s"
    assert find(keys, "x" * 20) is None


def test_revoking_the_last_key_leaves_the_door_locked(tmp_path):
    stored = Stored(version=1, keys=(Key(id="s", name="s", digest=digest("s" * 20), revoked_ms=1),))
    keys = keys_in_force(settings_in(tmp_path), stored)
    assert keys
    for shown in ("s" * 20, "", "fk__", "fk_s_x", "(none left)"):
        assert find(keys, shown) is None


def test_a_providers_credential_is_in_its_formats_own_header(tmp_path):
    openai, anthropic = settings_in(tmp_path, ANTHROPIC).providers
    first, second = provider_of(openai), provider_of(anthropic)
    assert (b"authorization", b"Bearer sk-test-openai") in first.headers
    assert set(second.headers) == {(b"x-api-key", b"b" * 32), (b"x-team", b"a")}
    assert (second.origin, second.base_path) == ("https://example.com", "/base")
    assert not second.counts_tokens
    assert second.retries == 5
    assert isinstance(upstream_for(openai), Pool)


def test_a_provider_without_a_key_says_so(tmp_path):
    text = FILE.replace('api_key = "env:OPENAI_API_KEY"\n', "")
    (provider,) = settings_in(tmp_path, text=text).providers
    assert not provider_of(provider).has_credential
    assert provider_of(provider).headers == ()
