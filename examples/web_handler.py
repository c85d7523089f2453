"""A budget for each user and day in a web handler: it outlives the request, so it needs a store on disk."""

import os
import tempfile
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openai import OpenAI

import farthing
from farthing.testing import SimulatedProvider


class Handler(BaseHTTPRequestHandler):
    client: OpenAI

    def do_GET(self) -> None:
        user = self.path.strip("/")
        try:
            with farthing.budget(name=f"daily {user}", calls=3, window="day", user=user) as run:
                self.client.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": "Good morning."}]
                )
                self.answer(200, f"left today: {run.remaining}")
        except farthing.BudgetExceeded as refused:
            self.answer(402, f"no more calls until {refused.resets_at}")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


with tempfile.TemporaryDirectory() as folder, SimulatedProvider().in_thread() as provider:
    os.environ["FARTHING_STORE"] = f"{folder}/farthing.db"
    Handler.client = farthing.wrap(OpenAI(base_url=f"{provider.url}/v1", api_key="any"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    for user in ("ann", "ann", "bea", "ann", "ann"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/{user}") as answer:
                print(f"{user}: {answer.status} {answer.read().decode()}")
        except urllib.error.HTTPError as refused:
            print(f"{user}: {refused.code} {refused.read().decode()}")
    server.shutdown()
    server.server_close()
