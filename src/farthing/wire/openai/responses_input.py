"""Input of a Responses request: what instructions and items put into the prompt.

Everything that becomes text is counted in UTF-8 bytes, which byte-level tokens never exceed; encrypted reasoning too,
since it is longer than the reasoning inside. Base64 of images, PDFs and audio is never counted as text.
"""

from collections.abc import Callable
from typing import Any

from farthing.wire import media
from farthing.wire.dialect import Media
from farthing.wire.fields import as_mapping, listed, mapping, needed_text, text, wrong
from farthing.wire.gathered import Gathered
from farthing.wire.openai.responses_tools import gather_tool

_PER_REQUEST = 32
_PER_ITEM = 12
_PER_PART = 4
_PER_CALL = 32

_TEXT_PARTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})


def gather_prompt(found: Gathered, body: dict[str, Any]) -> None:
    """Add `instructions`, `input`, the variables of `prompt` and the output format. Raises BadRequest naming the field."""
    found.overhead += _PER_REQUEST
    if (instructions := text(body, "instructions")) is not None:
        found.pieces.append(instructions)
    _prompt_variables(found, body)
    wanted = mapping(mapping(body, "text") or {}, "format", "text")
    if wanted is not None:
        found.json(wanted)
    _input(found, body.get("input"))


def _input(found: Gathered, given: object) -> None:
    if type(given) is str:
        found.begin_message()
        found.overhead += _PER_ITEM
        found.pieces.append(given)
    elif type(given) is list:
        for index, item in enumerate(given):
            _item(found, as_mapping(item, f"input[{index}]"), f"input[{index}]")
    elif given is not None:  # a stored prompt may bring its own input
        raise wrong("input", "a string or a list of items")


def _prompt_variables(found: Gathered, body: dict[str, Any]) -> None:
    prompt = mapping(body, "prompt")
    if prompt is None:
        return
    needed_text(prompt, "id", "prompt")
    for name, value in (mapping(prompt, "variables", "prompt") or {}).items():
        if type(value) is str:
            found.pieces.append(value)
        else:
            _part(found, as_mapping(value, f"prompt.variables.{name}"), f"prompt.variables.{name}")


def _item(found: Gathered, item: dict[str, Any], where: str) -> None:
    found.begin_message()
    found.overhead += _PER_ITEM
    _ITEMS.get(kind_of(item, where), _other)(found, item, where)


def kind_of(item: dict[str, Any], where: str = "") -> str:
    """The type of an item. One without a type is a message if it has a role, else a reference."""
    return text(item, "type", where) or ("message" if "role" in item else "item_reference")


def _content(found: Gathered, content: object, where: str) -> None:
    """Add a string or a list of parts."""
    if type(content) is str:
        found.pieces.append(content)
    elif type(content) is list:
        for index, part in enumerate(content):
            _part(found, as_mapping(part, f"{where}[{index}]"), f"{where}[{index}]")
    else:
        raise wrong(where, "a string or a list of parts")


def _part(found: Gathered, part: dict[str, Any], where: str) -> None:
    kind = needed_text(part, "type", where)
    found.overhead += _PER_PART
    _breakpoint(found, part, where)
    if kind in _TEXT_PARTS:
        found.pieces.append(_string(part, "text", where))
    elif kind == "refusal":
        found.pieces.append(_string(part, "refusal", where))
    elif kind in {"input_image", "computer_screenshot"}:
        _image(found, part, where)
    elif kind == "input_file":
        _file(found, part, where)
    elif kind == "input_audio":
        audio = as_mapping(part.get("input_audio"), f"{where}.input_audio")
        data = needed_text(audio, "data", f"{where}.input_audio")
        found.media.append(Media(kind="audio", bytes=media.decoded_length(data)))
    else:
        found.json(part)


def _breakpoint(found: Gathered, part: dict[str, Any], where: str) -> None:
    """Writes for twelve hours are the long-lived ones; writes for half an hour are the model's ordinary ones."""
    if (given := mapping(part, "prompt_cache_breakpoint", where)) is not None and given.get("ttl") == "12h":
        found.ttls.add("1h")


def _string(part: dict[str, Any], key: str, where: str) -> str:
    value = part.get(key)
    if type(value) is not str:
        raise wrong(f"{where}.{key}", "a string")
    return value


def _image(found: Gathered, part: dict[str, Any], where: str) -> None:
    """An image elsewhere needs no pointer: every image is scaled down, so its formula has a maximum."""
    detail, url = text(part, "detail", where) or "", text(part, "image_url", where)
    held = media.from_data_url(url) if url is not None else None
    if held is None:
        found.media.append(Media(kind="image", detail=detail))
    else:
        found.media.append(media.image(held[1], detail=detail))


def _file(found: Gathered, part: dict[str, Any], where: str) -> None:
    found.pieces.append(text(part, "filename", where) or "")
    if (data := text(part, "file_data", where)) is None:
        found.media.append(Media(kind="document"))
        found.pointers.append(f"{where}.{'file_url' if part.get('file_url') is not None else 'file_id'}")
        return
    kind, encoded = media.from_data_url(data) or ("", data)
    if kind.startswith("text/") or kind == "application/json":
        found.overhead += media.decoded_length(encoded)  # its text, which nothing else needs decoded
        return
    document = media.document(encoded)
    found.media.append(document)
    if not document.pages:
        found.pointers.append(f"{where}.file_data")


def _message(found: Gathered, item: dict[str, Any], where: str) -> None:
    needed_text(item, "role", where)
    _content(found, item.get("content"), f"{where}.content")


def _call(found: Gathered, item: dict[str, Any], where: str) -> None:
    found.overhead += _PER_CALL
    found.pieces.append(needed_text(item, "name", where))
    for key in ("namespace", "arguments", "input"):
        found.pieces.append(text(item, key, where) or "")


def _output(found: Gathered, item: dict[str, Any], where: str) -> None:
    output = item.get("output")
    if type(output) is dict:  # a computer's screenshot
        _part(found, output, f"{where}.output")
    else:
        _content(found, output, f"{where}.output")


def _reasoning(found: Gathered, item: dict[str, Any], where: str) -> None:
    for key in ("summary", "content"):
        for index, part in enumerate(listed(item, key, where) or ()):
            _part(found, as_mapping(part, f"{where}.{key}[{index}]"), f"{where}.{key}[{index}]")
    encrypted = text(item, "encrypted_content", where)
    if encrypted is not None:
        found.pieces.append(encrypted)
    elif text(item, "id", where) is not None:  # the reasoning itself is stored at OpenAI under this id
        found.pointers.append(f"{where}.id")


def _reference(found: Gathered, item: dict[str, Any], where: str) -> None:
    needed_text(item, "id", where)
    found.pointers.append(f"{where}.id")


def _picture(found: Gathered, item: dict[str, Any], where: str) -> None:
    """An image that the model made earlier and now sees again."""
    found.media.append(media.image(text(item, "result", where) or ""))
    found.pieces.append(text(item, "revised_prompt", where) or "")


def _tools(found: Gathered, item: dict[str, Any], where: str) -> None:
    for index, tool in enumerate(listed(item, "tools", where) or ()):
        gather_tool(found, as_mapping(tool, f"{where}.tools[{index}]"), f"{where}.tools[{index}]", None)


def _compaction_trigger(found: Gathered, _item: dict[str, Any], where: str) -> None:
    found.uncapped.append(where)  # runs the model once more, without a cap of its own


def _other(found: Gathered, item: dict[str, Any], _where: str) -> None:
    """Any other item counts with all its JSON."""
    found.json(item)


_ITEMS: dict[str, Callable[[Gathered, dict[str, Any], str], None]] = {
    "message": _message,
    "function_call": _call,
    "custom_tool_call": _call,
    "function_call_output": _output,
    "custom_tool_call_output": _output,
    "computer_call_output": _output,
    "reasoning": _reasoning,
    "item_reference": _reference,
    "image_generation_call": _picture,
    "additional_tools": _tools,
    "tool_search_output": _tools,
    "compaction_trigger": _compaction_trigger,
}
