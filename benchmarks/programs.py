"""The programs of a benchmark: compiled, started on their CPUs, asked, and stopped again whatever happens."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import workload

NATIVE = Path(__file__).parent / "native"

NGINX = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream provider {{
        server 127.0.0.1:{upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Cpus:
    """Where things run: what is measured on a CPU of its own, everything else beside."""

    def __init__(self) -> None:
        allowed = sorted(os.sched_getaffinity(0))
        self.load, self.measured = allowed[0], allowed[min(1, len(allowed) - 1)]

    @property
    def shared(self) -> bool:
        return self.load == self.measured

    def here(self, cpu: int) -> None:
        """Move this process, and what it starts from now on."""
        os.sched_setaffinity(0, {cpu})


def needed(command: str, why: str, package: str) -> str:
    """Where a program is. Ends with what to install where it is missing."""
    found = shutil.which(command) or shutil.which(command, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        sys.exit(f"`{command}` is not installed: {why}. On Debian: apt-get install {package}")
    return found


@contextmanager
def workshop() -> Iterator[Path]:
    """A temporary folder with the compiled `mock` and `load` in it; gone afterwards."""
    compiler = needed("cc", "the load generator and the mock provider are small C programs", "gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="farthing-bench-") as name:
        folder = Path(name)
        for program in ("mock", "load"):
            source = NATIVE / f"{program}.c"
            flags = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wno-unused-function")
            subprocess.run([compiler, *flags, "-o", folder / program, source], check=True)
        yield folder


@contextmanager
def mock(folder: Path, cpus: Cpus) -> Iterator[int]:
    """The provider; its port."""
    cpus.here(cpus.load)
    with _running([str(folder / "mock")]) as process:
        yield int(_line(process))


@contextmanager
def nginx(folder: Path, cpus: Cpus, upstream: int) -> Iterator[tuple[int, int]]:
    """nginx before the provider: (process id of its master, port). Its one worker is a child."""
    program = needed("nginx", "it is what the gateway is compared with", "nginx-light")
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, upstream=upstream, port=port, user=user))
    cpus.here(cpus.measured)
    with _running([program, "-p", str(folder), "-c", str(file)], ends_with_input=False) as process:
        cpus.here(cpus.load)
        _wait_for(port, process)
        yield process.pid, port


class Served:
    """A gateway in its own process; see served.py for what it can be asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.pid = process.pid
        self.port = int(_line(process))

    def ask(self, what: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(_line(self.process))
        return answer


@contextmanager
def gateway(folder: Path, cpus: Cpus, upstream: int) -> Iterator[Served]:
    """A gateway with a durable ledger in the folder and three budgets for each call."""
    file = folder / "farthing.toml"
    file.write_text(workload.config(folder, upstream))
    cpus.here(cpus.measured)
    with _running([sys.executable, str(Path(__file__).parent / "served.py"), str(file)]) as process:
        cpus.here(cpus.load)
        yield Served(process)


def load(folder: Path, port: int, in_flight: int, seconds: float, requests: Path) -> dict[str, Any]:
    """One run of the load generator: what it counted."""
    command = [folder / "load", str(port), str(in_flight), str(seconds), requests]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], *, ends_with_input: bool = True) -> Iterator["subprocess.Popen[str]"]:
    """A program, stopped when the block ends, however it ends: by the end of its input, or else by a signal."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
            if not (ends_with_input and _ended(process, 10)):
                process.terminate()
            if not _ended(process, 10):
                process.kill()


def _ended(process: "subprocess.Popen[str]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"{process.args} ended before it was ready, with {process.wait()}")
    return line


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"{process.args} does not listen on port {port}")
