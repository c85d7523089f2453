"""`farthing serve` as a process: its banner, its signals, and the ways it cannot start."""

import os
import select
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.shell import command, started

CONFIG = '[providers.openai]\nformat = "openai"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "env:KEY"\n'
KEY = {"KEY": "sk-secret"}


def read_until(stream, text: str, seconds: float = 30) -> str:
    """What a process says, up to and with this text."""
    said, deadline = b"", time.monotonic() + seconds
    while text not in said.decode(errors="replace"):
        left = deadline - time.monotonic()
        ready = select.select([stream], [], [], max(0, left))[0]
        piece = os.read(stream.fileno(), 65_536) if ready else b""
        assert piece, f"{text!r} was not said, but: {said.decode(errors='replace')}"
        said += piece
    return said.decode()


@contextmanager
def serving(folder: Path, *words: str, config: str = CONFIG) -> Iterator[tuple[subprocess.Popen[str], str]]:
    (folder / "farthing.toml").write_text(config)
    process = started("serve", "--port", "0", *words, cwd=folder, env=KEY)
    try:
        yield process, read_until(process.stdout, "_URL=http" if "--quiet" not in words else "\n")
    finally:
        process.kill()
        process.communicate()


def address(banner: str) -> str:
    return next(word for word in banner.split() if word.startswith("http://127.0.0.1:"))


def test_the_banner_says_what_holds_and_hides_secrets(tmp_path):
    budget = '[[budgets]]\nname = "all"\nlimit = "5 USD"\nwindow = "month"\n'
    with serving(tmp_path, config=CONFIG + budget) as (_, banner):
        assert "all: 5 USD per month" in banner
        assert "key from env:KEY" in banner
        assert "none: callers on this machine need no key" in banner
        assert f"export OPENAI_BASE_URL={address(banner)}/v1" in banner
        assert "sk-secret" not in banner
        with urllib.request.urlopen(f"{address(banner)}/readyz") as answer:
            assert answer.status == 200


def test_sigterm_ends_it_with_the_ledger_closed(tmp_path):
    with serving(tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert (tmp_path / "farthing.db").exists()
    assert not (tmp_path / "farthing.db-wal").exists()


def test_sighup_takes_up_a_good_file_and_leaves_a_bad_one_alone(tmp_path):
    with serving(tmp_path) as (process, _):
        (tmp_path / "farthing.toml").write_text(CONFIG + '[[budgets]]\nname = "new"\ncalls = 1\n')
        process.send_signal(signal.SIGHUP)
        read_until(process.stderr, "configuration reloaded")
        (tmp_path / "farthing.toml").write_text(CONFIG + "nonsense = true\n")
        process.send_signal(signal.SIGHUP)
        said = read_until(process.stderr, "old configuration stays: farthing.toml:5")
        assert "Traceback" not in said
        assert process.poll() is None


def test_a_port_that_is_taken_is_said_plainly(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = command("serve", "--port", port, cwd=tmp_path, env={"OPENAI_API_KEY": "sk"})
    assert ended.returncode == 69
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr
    assert not (tmp_path / "farthing.db").exists()


def test_without_keys_other_machines_are_not_let_near(tmp_path):
    ended = command("serve", "--host", "0.0.0.0", "--port", "0", cwd=tmp_path, env={"OPENAI_API_KEY": "sk"})
    assert ended.returncode == 78
    assert "farthing keys new" in ended.stderr


def test_with_a_key_in_the_store_it_may_listen_to_others(tmp_path):
    assert command("keys", "new", "bot", cwd=tmp_path).returncode == 0
    with serving(tmp_path, "--host", "0.0.0.0", "--quiet") as (_, said):
        assert said.startswith("farthing on http://0.0.0.0:")


def test_a_bad_file_is_told_with_its_line(tmp_path):
    (tmp_path / "farthing.toml").write_text("[gateway]\nprot = 1\n")
    ended = command("serve", cwd=tmp_path)
    assert ended.returncode == 78
    assert "farthing.toml:2: gateway.prot: is not a setting; did you mean `port`?" in ended.stderr


def test_a_store_that_cannot_be_is_told(tmp_path):
    ended = command("serve", "--port", "0", "--store", "no/such/folder.db", cwd=tmp_path)
    assert ended.returncode == 69
    assert "make it first" in ended.stderr


def test_the_admin_side_does_not_start_on_an_address_of_its_own_without_somebody_to_let_in(tmp_path):
    (tmp_path / "farthing.toml").write_text(CONFIG + '[admin]\nlisten = "127.0.0.2:0"\n')
    ended = command("serve", "--port", "0", cwd=tmp_path, env=KEY)
    assert ended.returncode == 78
    assert "farthing keys new NAME --right admin" in ended.stderr
    assert command("keys", "new", "bot", cwd=tmp_path, env=KEY).returncode == 0
    assert command("serve", "--port", "0", cwd=tmp_path, env=KEY).returncode == 78


def test_an_address_of_the_admin_side_that_is_taken_is_said_plainly(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "farthing.toml").write_text(f'{CONFIG}[admin]\nlisten = "127.0.0.2:{port}"\n')
        ended = command("serve", "--port", "0", cwd=tmp_path, env=KEY)
    assert ended.returncode == 69
    assert f"the admin side cannot listen on 127.0.0.2:{port}" in ended.stderr


def test_both_addresses_are_told_drained_and_the_table_but_for_the_address_is_reloaded(tmp_path):
    keys = '[[keys]]\nname = "boss"\nsecret = "an-admin-secret-of-the-file"\nrights = ["admin"]\n'
    admin = '[admin]\nlisten = "127.0.0.2:0"\n'
    with serving(tmp_path, config=CONFIG + keys + admin) as (process, banner):
        apart = next(word for word in banner.split() if word.startswith("http://127.0.0.2:")).rstrip("/")

        def asked_by_name() -> int:
            heads = {"Host": "a.example", "Authorization": "Bearer an-admin-secret-of-the-file"}
            try:
                with urllib.request.urlopen(urllib.request.Request(f"{apart}/metrics", headers=heads)) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code

        assert asked_by_name() == 403
        changed = admin.replace(":0", ":1") + 'hosts = ["a.example"]\n'
        (tmp_path / "farthing.toml").write_text(CONFIG + keys + changed)
        process.send_signal(signal.SIGHUP)
        said = read_until(process.stderr, "configuration reloaded")
        assert "[admin] listen is read at the start only" in said
        assert asked_by_name() != 403
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0
