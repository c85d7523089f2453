"""The prompt of a Chat Completions request: what messages, tools and formats put into it.

Everything that becomes text is counted in UTF-8 bytes, which byte-level tokens never exceed. Base64 of images, audio and
files is never counted as text.
"""

from typing import Any

from farthing.wire import media
from farthing.wire.dialect import Media
from farthing.wire.fields import as_mapping, listed, mapping, needed_list, needed_text, text, wrong
from farthing.wire.gathered import Gathered
from farthing.wire.openai.models import NameFacts, has_published_template

# OpenAI's cookbook, "How to count tokens with tiktoken": 3 tokens a message, 1 a name, 3 to prime the reply; 7 to 12 a
# function and about as many around all of them. More here, because newer templates are not public.
_PER_REQUEST = 8
_PER_MESSAGE = 6
_PER_PART = 4
_PER_TOOL = 24
_WITH_TOOLS = 160
_WITH_FORMAT = 32
_UNKNOWN_TEMPLATE = 256
"""Other models' templates begin with a system text of their own: gpt-oss about 70 tokens, Qwen and Llama with tools up to 160."""

_SETTINGS = (
    *("chat_template_kwargs", "function_call", "guided_grammar", "guided_json", "reasoning_effort", "response_format"),
    *("tool_choice", "verbosity"),
)
"""Settings whose value may reach the prompt."""
AROUND_MESSAGES = frozenset({"tools", "functions", *_SETTINGS})
"""The fields beside `messages` that become prompt."""

_PRIMING, _MESSAGE_EXACTLY = 3, 3
_PLAIN = frozenset({"role", "content", "name"})
_NOT_PLAIN = ("tools", "functions", "response_format", "prediction", "modalities", "audio", "web_search_options")

_CACHE_MARKS = ("cache_control", "prompt_cache_breakpoint")
_CALLER_RUNS = frozenset({"function", "custom"})
"""Kinds of tools that the caller runs. The provider runs any other, and may bill for it."""


def gather_prompt(found: Gathered, body: dict[str, Any], name: NameFacts) -> None:
    """Add what reaches the prompt of the model with this name. Raises BadRequest naming the field."""
    found.overhead += _PER_REQUEST if name.is_openai else _PER_REQUEST + _UNKNOWN_TEMPLATE
    if not AROUND_MESSAGES.isdisjoint(body):
        _around_messages(found, body)
    messages = needed_list(body, "messages")
    most = len(messages)
    found.overhead += _PER_MESSAGE * most
    at = 0
    while (at := found.plain_messages(messages, at)) < most:
        _message(found, messages[at], f"messages[{at}]")
        at += 1


def template_tokens(body: dict[str, Any], model: str) -> int | None:
    """Exactly the template's tokens of a plain conversation, by the cookbook's recipe; None for any other request."""
    if not has_published_template(model) or any(body.get(key) for key in _NOT_PLAIN):
        return None
    total = _PRIMING
    for message in body["messages"]:
        if not (message.keys() <= _PLAIN and type(message.get("content")) is str):
            return None
        total += _MESSAGE_EXACTLY + ("name" in message)
    return total


def cache_mark(holder: dict[str, Any]) -> str:
    """The time to live of a cache breakpoint on a message, part or tool: "", `5m` or `1h`.

    OpenAI's own breakpoints live longer but have one price of writing, which stands beside that of 5 minutes.
    """
    if "prompt_cache_breakpoint" in holder:
        return "5m"
    control = holder.get("cache_control")
    return str(control.get("ttl") or "5m") if type(control) is dict else ""


def _around_messages(found: Gathered, body: dict[str, Any]) -> None:
    for key in ("tools", "functions"):
        if tools := listed(body, key):
            _tools(found, tools, key)
    if mapping(body, "response_format") is not None:
        found.overhead += _WITH_FORMAT
    for key in _SETTINGS:
        if body.get(key) is not None:
            found.json(body[key])


def _tools(found: Gathered, tools: list[Any], key: str) -> None:
    found.overhead += _WITH_TOOLS + _PER_TOOL * len(tools)
    found.tools.append(found.json(tools))
    for index, tool in enumerate(tools):
        where = f"{key}[{index}]"
        _mark(found, as_mapping(tool, where), where)
        kind = text(tool, "type", where) if key == "tools" else None
        if key == "tools" and kind not in _CALLER_RUNS:
            found.uncapped_tool(where, kind or "")


def _message(found: Gathered, message: object, where: str) -> None:
    fields = as_mapping(message, where)
    needed_text(fields, "role", where)
    found.begin_message()
    for key, value in fields.items():
        if type(value) is str:
            found.pieces.append(value)
        elif key == "content":
            _content(found, value, f"{where}.content")
        elif key == "audio" and type(value) is dict:  # an earlier answer in sound, which the provider has kept
            found.pointers.append(f"{where}.audio.id")
        elif key in _CACHE_MARKS:
            _mark(found, fields, where)
        elif value is not None:
            found.json(value)


def _content(found: Gathered, content: object, where: str) -> None:
    if content is None:
        return
    if type(content) is not list:
        raise wrong(where, "a string or a list of parts")
    found.overhead += _PER_PART * len(content)
    for index, part in enumerate(content):
        _part(found, as_mapping(part, f"{where}[{index}]"), f"{where}[{index}]")


def _part(found: Gathered, part: dict[str, Any], where: str) -> None:
    _mark(found, part, where)
    match part.get("type"):
        case "text":
            found.pieces.append(_needed(part, "text", where))
        case "refusal":
            found.pieces.append(_needed(part, "refusal", where))
        case "image_url":
            found.media.append(_image(part, where))
        case "input_audio":
            found.media.append(_audio(part, where))
        case "file":
            _file(found, part, where)
        case str():  # a kind that is not known: its text is counted, and what it may point to is elsewhere
            found.json(part)
            found.pointers.append(where)
        case _:
            raise wrong(f"{where}.type", "a string")


def _needed(part: dict[str, Any], key: str, where: str) -> str:
    """A string that must be there and may be empty."""
    value = text(part, key, where)
    if value is None:
        raise wrong(f"{where}.{key}", "a string")
    return value


def _image(part: dict[str, Any], where: str) -> Media:
    where = f"{where}.image_url"
    image = part.get("image_url")
    if type(image) is str:  # some clients leave out the object around it
        image = {"url": image}
    image = as_mapping(image, where)
    detail = text(image, "detail", where) or ""
    inline = media.from_data_url(needed_text(image, "url", where))
    return media.image(inline[1], detail=detail) if inline else Media(kind="image", detail=detail)


def _audio(part: dict[str, Any], where: str) -> Media:
    where = f"{where}.input_audio"
    data = needed_text(as_mapping(part.get("input_audio"), where), "data", where)
    return Media(kind="audio", bytes=len(data) * 3 // 4)


def _file(found: Gathered, part: dict[str, Any], where: str) -> None:
    where = f"{where}.file"
    file = as_mapping(part.get("file"), where)
    found.pieces.append(text(file, "filename", where) or "")
    data = text(file, "file_data", where)
    if data is None or data.startswith(("http://", "https://")):
        found.pointers.append(f"{where}.file_id" if data is None else f"{where}.file_data")
        return
    inline = media.from_data_url(data)
    found.media.append(media.document(inline[1] if inline else data))


def _mark(found: Gathered, holder: dict[str, Any], where: str) -> None:
    """Note a cache breakpoint, OpenAI's own or Anthropic's as aggregators pass it on."""
    found.breakpoint(holder, where)
    if "prompt_cache_breakpoint" in holder:
        found.ttls.add("5m")
