"""What `farthing.wrap` adds to a call, in microseconds: whole and streamed, beside the bare client, in one run.

    python benchmarks/wrap.py [--calls 400]

The provider is a stub in a thread of its own that answers at once. Bare and wrapped calls alternate, so that both meet the same
machine; shown is the median. Then what `import farthing` loads.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

import farthing
from farthing.sdk.engine import close_engines

USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
BASE = {"id": "c", "created": 1, "model": "gpt-4o-mini"}
WHOLE = {
    **BASE,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * 80}, "finish_reason": "stop"}],
    "usage": USAGE,
}
PIECES = 20
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello " * 20}], "max_tokens": 50}


def chunk(**more: object) -> bytes:
    return b"data: " + json.dumps({**BASE, "object": "chat.completion.chunk", **more}).encode() + b"\n\n"


def delta(**said: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": None, **said}]}


STREAM = b"".join(chunk(**delta(delta={"content": "word "})) for _ in range(PIECES))
STREAM += chunk(**delta(finish_reason="stop")) + chunk(choices=[], usage=USAGE) + b"data: [DONE]\n\n"


class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        streamed = asked.get("stream")
        body = STREAM if streamed else json.dumps(WHOLE).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def micros(bare: Callable[[], object], wrapped: Callable[[], object], calls: int) -> tuple[float, float]:
    """Medians of both, asked in turn."""
    took: tuple[list[int], list[int]] = ([], [])
    for _ in range(calls + 20):
        for act, times in zip((bare, wrapped), took, strict=True):
            began = time.perf_counter_ns()
            act()
            times.append(time.perf_counter_ns() - began)
    return tuple(statistics.median(times[20:]) / 1_000 for times in took)  # type: ignore[return-value]


def compare(url: str, store: str, calls: int) -> None:
    os.environ["FARTHING_STORE"] = store
    bare = openai.OpenAI(base_url=f"{url}/v1", api_key="k")
    wrapped = farthing.wrap(openai.OpenAI(base_url=f"{url}/v1", api_key="k"))
    kinds: dict[str, Callable[[openai.OpenAI], object]] = {
        "whole": lambda client: client.chat.completions.create(**ASK),
        "streamed": lambda client: list(client.chat.completions.create(**ASK, stream=True)),
    }
    with farthing.budget("$1000"):
        for kind, ask in kinds.items():
            before, after = micros(lambda ask=ask: ask(bare), lambda ask=ask: ask(wrapped), calls)
            print(
                f"{store.partition(':')[0]:<8}{kind:<10}{before:>10,.0f} µs bare{after:>10,.0f} µs wrapped{after - before:>+10,.0f} µs"
            )
    close_engines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=400)
    calls = parser.parse_args().calls
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    compare(url, "memory:", calls)
    with tempfile.TemporaryDirectory() as folder:
        compare(url, f"sqlite:///{folder}/farthing.db", calls)
    server.shutdown()
    script = "import sys; before = set(sys.modules); import farthing; print(len(set(sys.modules) - before), 'socket' in sys.modules)"
    loaded, network = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"import farthing loads {loaded} modules beyond Python's own; a network library: {network}")


if __name__ == "__main__":
    main()
