"""`farthing serve` as a process of its own, and its log."""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

SECONDS = 30


class Serving:
    """A gateway in a process."""

    def __init__(self, config):
        command = [sys.executable, "-c", "from farthing.cli.main import main; main()", "serve", "--quiet"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(config.parent)}
        self.process = subprocess.Popen(
            [*command, "--config", str(config), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.url = re.search(r"http://\S+", self.process.stdout.readline())[0]
        self.port = int(self.url.rpartition(":")[2])
        self.log = []
        self._heard = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def tell(self, number):
        self.process.send_signal(number)

    def hear(self, text):
        """Wait until the log says this."""
        with self._heard:
            assert self._heard.wait_for(lambda: any(text in line for line in self.log), SECONDS), self.log

    def end(self):
        """The exit code, once it has ended by itself."""
        return self.process.wait(SECONDS)

    def _listen(self):
        for line in self.process.stderr:
            with self._heard:
                self.log.append(line)
                self._heard.notify_all()


@contextmanager
def serving(config):
    """Ends the process where the test has not."""
    gateway = Serving(config)
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait(SECONDS)
        gateway._listener.join(SECONDS)
        gateway.process.stdout.close()
        gateway.process.stderr.close()
