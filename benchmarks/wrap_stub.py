"""The provider of `wrap.py`: answers at once, on both makers' paths, until its standard input ends. Prints its port first.

A stream has as many events as the request's `events-N` says, each in a packet of its own, written as providers write them.
"""

import json
import os
import re
import socket
import sys
import threading
from typing import Any

USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
CHAT = {"id": "c", "created": 1, "model": "gpt-4o-mini"}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "stop_sequence": None}
WORDS = re.compile(rb"events-(\d+)")


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def whole(maker: str) -> bytes:
    if maker == "anthropic":
        said = [{"type": "text", "text": "x" * 80}]
        used = {"input_tokens": 10, "output_tokens": 20}
        return compact({**MESSAGE, "content": said, "stop_reason": "end_turn", "usage": used})
    choice = {"index": 0, "message": {"role": "assistant", "content": "x" * 80}, "finish_reason": "stop"}
    return compact({**CHAT, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def chunk(**more: Any) -> bytes:
    return b"data: " + compact({**CHAT, "object": "chat.completion.chunk", **more}) + b"\n\n"


def event(name: str, **more: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), compact({"type": name, **more}))


def events(maker: str, count: int) -> list[bytes]:
    if maker == "anthropic":
        begun = {**MESSAGE, "content": [], "stop_reason": None, "usage": {"input_tokens": 10, "output_tokens": 1}}
        delta = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "w "})
        ending = {"stop_reason": "end_turn", "stop_sequence": None}
        return [
            event("message_start", message=begun),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            *[delta] * (count - 5),
            event("content_block_stop", index=0),
            event("message_delta", delta=ending, usage={"output_tokens": 20}),
            event("message_stop"),
        ]
    delta = chunk(choices=[{"index": 0, "delta": {"content": "w "}, "finish_reason": None}])
    last = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    return [*[delta] * (count - 2), last, chunk(choices=[], usage=USAGE) + b"data: [DONE]\n\n"]


def serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = connection.makefile("rb")
    try:
        while first := reader.readline():
            answer(connection, "anthropic" if b"/messages" in first else "openai", body_of(reader))
    except OSError:
        return  # the client has left


def body_of(reader: Any) -> bytes:
    length = 0
    while (line := reader.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    body: bytes = reader.read(length)
    return body


def answer(connection: socket.socket, maker: str, asked: bytes) -> None:
    if (found := WORDS.search(asked)) is None:
        body = whole(maker)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)
        return
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for piece in events(maker, int(found[1])):
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    connection.sendall(b"0\r\n\r\n")


def until_told() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    threading.Thread(target=until_told, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
