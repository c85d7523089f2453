"""Gemini on the wire, as Google sends it: whole answers and event streams."""

import json

USAGE = {
    "promptTokenCount": 1321,
    "candidatesTokenCount": 30,
    "totalTokenCount": 1371,
    "cachedContentTokenCount": 1000,
    "thoughtsTokenCount": 20,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 1321}],
}
ORDER = {"type": "OBJECT", "properties": {"order_id": {"type": "STRING"}}, "required": ["order_id"]}
GET_ORDER = {"functionDeclarations": [{"name": "get_order", "description": "Looks up.", "parameters": ORDER}]}


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def user(*texts: str) -> dict:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def model(*parts: dict) -> dict:
    return {"role": "model", "parts": list(parts)}


def call(name: str = "get_order", **more) -> dict:
    return {"functionCall": {"name": name, "args": {"order_id": "A-1001"}, **more}}


def result(name: str = "get_order", response=None, **more) -> dict:
    return {
        "role": "user",
        "parts": [{"functionResponse": {"name": name, "response": response or {"result": "sent"}, **more}}],
    }


def asked(**fields) -> bytes:
    """A small request body, with these fields over the usual ones. A field that is None is left out."""
    body = {"contents": [user("Hello, Gemini")], "generationConfig": {"maxOutputTokens": 1024}, **fields}
    return compact({key: value for key, value in body.items() if value is not None})


def candidate(*parts: dict, finish: str | None = None, index: int = 0, **more) -> dict:
    made = {"content": model(*parts), "index": index, **more}
    return made | ({"finishReason": finish} if finish else {})


def message(*candidates: dict, usage=USAGE, **more) -> dict:
    body = {"candidates": list(candidates), "usageMetadata": usage, "modelVersion": "gemini-2.5-flash", **more}
    return {key: value for key, value in {**body, "responseId": "mAitaLmkHPPlz7IP"}.items() if value is not None}


def whole(usage=USAGE, **more) -> bytes:
    return compact(message(candidate({"text": "Hi! I am Gemini."}, finish="STOP"), usage=usage, **more))


def event(value) -> bytes:
    return b"data: %b\r\n\r\n" % compact(value)


def counts(output: int | None = None, thoughts: int | None = None, prompt: int = 21) -> dict:
    made = {"promptTokenCount": prompt, "candidatesTokenCount": output, "thoughtsTokenCount": thoughts}
    total = prompt + (output or 0) + (thoughts or 0)
    return {name: count for name, count in made.items() if count is not None} | {"totalTokenCount": total}


STREAM = (
    event(message(candidate({"text": "Thinking", "thought": True}), usage=counts(None, 10))),
    event(message(candidate({"text": "Hello"}), usage=counts(1, 10))),
    event(message(candidate({"text": ", wörld"}), usage=counts(4, 10))),
    event(message(candidate({"text": ""}, finish="STOP"), usage=counts(5, 10))),
)
"""A whole stream; its usage is 21 in and 15 out, of which 10 are thoughts."""
