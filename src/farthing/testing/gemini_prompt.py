"""What a Gemini request says to the model: its turns and tools, and as how many tokens."""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.testing.conversation import Prompt, Tool, ToolCall, Turn
from farthing.testing.gemini_rules import config_of
from farthing.testing.pictures import gemini_tokens
from farthing.testing.tokens import MESSAGE_OVERHEAD, PRIMING, TOOLS_OVERHEAD, Tokens, encode, joined, picture, template

Body = dict[str, Any]


def prompt_of(body: Body, name: str) -> Prompt:
    """The request as the model sees it."""
    config = config_of(body)
    return Prompt(
        dialect="gemini",
        model=name,
        turns=tuple(_turns(body)),
        tools=tuple(
            Tool(each["name"], each.get("parametersJsonSchema") or _lower(each.get("parameters") or {}))
            for each in functions_of(body)
        ),
        tool_choice=_choice(body),
        schema=config.get("responseJsonSchema") or _lower(config.get("responseSchema")),
    )


def tokens_of(body: Body) -> Tokens:
    """The prompt as token ids: instruction, tools, then the turns."""
    pieces: list[Tokens] = []
    if (system := body.get("systemInstruction")) is not None:
        pieces += [template(MESSAGE_OVERHEAD), *_parts(system)]
    if functions_of(body):
        pieces += [template(TOOLS_OVERHEAD), encode(_json(body["tools"]))]
    schema = config_of(body).get("responseSchema") or config_of(body).get("responseJsonSchema")
    pieces += [encode(_json(schema))] if schema else []
    for content in body["contents"]:
        pieces += [template(MESSAGE_OVERHEAD), *_parts(content)]
    return joined([*pieces, template(PRIMING)])


def functions_of(body: Body) -> list[Body]:
    return [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations") or ()]


def _parts(content: Body) -> Iterator[Tokens]:
    for part in content.get("parts") or ():
        if "text" in part:
            yield encode(str(part["text"]))
        elif blob := part.get("inlineData"):
            yield picture(str(blob.get("data")), gemini_tokens(str(blob.get("data") or "")))
        elif call := part.get("functionCall"):
            yield encode(str(call.get("name")))
            yield encode(_json(call.get("args") or {}))
        elif answer := part.get("functionResponse"):
            yield encode(str(answer.get("name")))
            yield encode(_json(answer.get("response") or {}))
        else:
            yield encode(_json(part))


def _turns(body: Body) -> Iterator[Turn]:
    if (system := body.get("systemInstruction")) is not None:
        yield Turn(role="system", text=_text(system))
    for content in body["contents"]:
        parts = content["parts"]
        calls = [part["functionCall"] for part in parts if part.get("functionCall")]
        results = [part["functionResponse"] for part in parts if part.get("functionResponse")]
        for result in results:
            answered = str(result.get("id") or result.get("name"))
            yield Turn(role="tool", text=_json(result.get("response") or {}), answers=answered)
        if not results:
            made = tuple(ToolCall(call["name"], call.get("args") or {}, str(call.get("id") or "")) for call in calls)
            role = "assistant" if content.get("role") == "model" else "user"
            yield Turn(role=role, text=_text(content), calls=made)


def _text(content: Body) -> str:
    return "\n".join(str(part["text"]) for part in content.get("parts") or () if "text" in part)


def _choice(body: Body) -> str:
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = list(calling.get("allowedFunctionNames") or [])
    match calling.get("mode"):
        case "NONE":
            return "none"
        case "ANY":
            return str(allowed[0]) if len(allowed) == 1 else "required"
        case _:
            return "auto"


def _lower(schema: Any) -> Any:
    """A schema in Google's spelling (`"type": "STRING"`) as JSON Schema has it."""
    if isinstance(schema, dict):
        return {key: str(value).lower() if key == "type" else _lower(value) for key, value in schema.items()}
    return [_lower(each) for each in schema] if isinstance(schema, list) else schema


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
