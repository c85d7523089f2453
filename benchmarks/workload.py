"""What is sent: a chat call as a real client sends it, from 50 users in turn, each under three budgets."""

from collections.abc import Iterable
from pathlib import Path

USERS = 50
KEY = "fk_benchkey_0123456789abcdefghijklmnopqrstuvwxyz"
PATH = "/v1/chat/completions"

CONFIG = """
[store]
url = "sqlite:///{folder}/farthing.db"

[providers.openai]
format = "openai"
base_url = "http://127.0.0.1:{upstream}/v1"
api_key = "sk-upstream-0123456789"

[[keys]]
name = "bench"
secret = "{key}"
labels = {{ team = "bench" }}
may_set = ["user"]
require = ["user"]

[[budgets]]
name = "everything"
limit = "1000000 USD"
window = "lifetime"

[[budgets]]
name = "team, monthly"
match = {{ team = "bench" }}
limit = "1000000 USD"
window = "month"

[[budgets]]
name = "each user, daily"
match = {{ user = "*" }}
limit = "100000 USD"
window = "day"
each = "user"
"""

_HEADERS = """\
host: 127.0.0.1
authorization: Bearer {key}
content-type: application/json
accept: application/json
accept-encoding: gzip, deflate
user-agent: OpenAI/Python 2.8.0
x-stainless-lang: python
x-stainless-package-version: 2.8.0
x-stainless-os: Linux
x-stainless-runtime: CPython
x-stainless-retry-count: 0
x-stainless-read-timeout: 600
x-farthing-labels: user=u{user}
"""


def body(*, stream: bool, size: int = 2_000) -> bytes:
    """A chat call of about `size` bytes that names its cap (and asks for usage), so that the gateway changes nothing."""
    prompt = ("How many farthings are there in a pound, and why did anyone think that convenient? " * 200)[: size - 300]
    streamed = ',"stream":true,"stream_options":{"include_usage":true}' if stream else ""
    return (
        '{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a careful clerk. Answer in one '
        f'paragraph."}},{{"role":"user","content":"{prompt}"}}],"max_tokens":256,"temperature":0.2{streamed}}}'
    ).encode()


def request(user: int, content: bytes, extra: str = "") -> bytes:
    """One whole HTTP request. `extra` is further header lines."""
    lines = _HEADERS.format(key=KEY, user=f"{user:02}") + extra + f"content-length: {len(content)}"
    return f"POST {PATH} HTTP/1.1\n{lines}\n\n".replace("\n", "\r\n").encode() + content


def write_requests(file: Path, requests: Iterable[bytes]) -> Path:
    """As `load` reads them: each after a line with its length."""
    file.write_bytes(b"".join(b"%d\n%b" % (len(each), each) for each in requests))
    return file


def config(folder: Path, upstream: int) -> str:
    return CONFIG.format(folder=folder, upstream=upstream, key=KEY)
