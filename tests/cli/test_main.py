"""`farthing` lists its commands quickly and truthfully."""

import subprocess
import sys

import pytest

from farthing import __version__
from farthing.cli.main import COMMANDS, main
from support.shell import command, invoke


def test_help_loads_neither_the_engine_nor_the_tables():
    script = (
        "import sys\nfrom farthing.cli.main import main\n"
        "try:\n main(['--help'], prog_name='farthing')\n"
        "except SystemExit: pass\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('rich', 'msgspec', 'uvicorn', 'sqlite3', 'uvloop')))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_list_says_of_a_command_is_what_the_command_says_of_itself(name: str):
    found = main.get_command(None, name)
    assert found.name == name
    assert found.help.split("\n")[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str):
    assert "Usage:" in invoke(name, "--help").output


def test_the_exit_codes_stand_in_the_help():
    help_ = invoke("--help").output
    for code in ("69", "75", "78"):
        assert code in help_


def test_the_version_is_told():
    assert invoke("--version").output == f"farthing {__version__}\n"


def test_the_module_runs_like_the_command(tmp_path):
    run = command("--version", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"farthing {__version__}\n")
