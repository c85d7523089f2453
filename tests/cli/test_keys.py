"""Keys are made, listed and revoked in the store; secrets are shown once."""

import pytest

from farthing.accounts.secrets import find, index
from farthing.stores.sqlite.directory import SqliteDirectory
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "farthing.db"


def stored(path):
    directory = SqliteDirectory(path, now_ms=lambda: 1)
    try:
        return directory.load().keys
    finally:
        directory.close()


def test_a_new_keys_secret_opens_the_door_and_is_kept_nowhere(store):
    made = asked_json("keys", "new", "bot", "--label", "team=a", "--may-set", "user,run", "--require", "user")
    (key,) = stored(store)
    assert find(index([key]), made["secret"]) == key
    assert (key.labels, key.may_set, key.require, key.rights) == (
        (("team", "a"),),
        ("user", "run"),
        ("user",),
        ("call",),
    )
    assert made["secret"].encode() not in store.read_bytes()
    assert made["secret"] not in invoke("keys", "ls").output


def test_the_first_key_ends_keyless_mode_and_says_so(store):
    assert "every caller needs one" in invoke("keys", "new", "a").stderr
    assert "every caller needs one" not in invoke("keys", "new", "b").stderr


def test_a_plain_new_prints_the_secret_alone_on_its_line(store):
    first = invoke("keys", "new", "a").stdout.splitlines()[0]
    assert find(index(stored(store)), first) is not None


def test_the_list_shows_the_files_keys_and_the_stored_ones(store):
    (store.parent / "farthing.toml").write_text(
        '[[keys]]\nname = "filed"\nsecret = "env:BOT"\nlabels = { team = "b" }\n'
    )
    env = {"BOT": "x" * 32}
    invoke("keys", "new", "made", env=env)
    listed = asked_json("keys", "ls", env=env)
    assert [(key["name"], key["source"]) for key in listed] == [("filed", "file"), ("made", "store")]
    assert "team=b" in invoke("keys", "ls", env=env).output


def test_without_keys_the_list_says_what_that_means(store):
    invoke("keys", "new", "x")
    (store.parent / "other").mkdir()
    invoke("budgets", "set", "b", "--calls", "1", "--store", store.parent / "other" / "o.db")
    assert "no keys" in invoke("keys", "ls", "--store", store.parent / "other" / "o.db").output


def test_a_revoked_key_stays_in_the_list(store):
    invoke("keys", "new", "bot")
    invoke("keys", "revoke", "bot")
    assert stored(store)[0].revoked_ms > 0
    assert "revoked" in invoke("keys", "ls").output
    assert index(stored(store)) == {}


def test_a_name_is_used_once(store):
    invoke("keys", "new", "bot")
    assert "already" in invoke("keys", "new", "bot", code=1).stderr


def test_the_files_keys_are_revoked_in_the_file(store):
    (store.parent / "farthing.toml").write_text('[[keys]]\nname = "filed"\nsecret = "env:BOT"\n')
    env = {"BOT": "x" * 32}
    invoke("keys", "new", "other", env=env)
    assert "remove it there" in invoke("keys", "revoke", "filed", env=env, code=1).stderr
    assert "already" in invoke("keys", "new", "filed", env=env, code=1).stderr


def test_a_key_nobody_made_cannot_be_revoked(store):
    invoke("keys", "new", "bot")
    assert "no key 'robot'" in invoke("keys", "revoke", "robot", code=1).stderr


def test_a_label_that_could_never_be_given_is_a_mistake(store):
    assert "--may-set" in invoke("keys", "new", "bot", "--require", "user", code=2).output
    assert "'a b' is no label" in invoke("keys", "new", "bot", "--may-set", "a b", code=2).output
    assert "bound" in invoke("keys", "new", "bot", "--label", "user=a", "--may-set", "user", code=2).output
    assert not store.exists()
