"""Anthropic content: what system, messages and their blocks put into the prompt.

Everything that becomes text is counted in UTF-8 bytes, which byte-level tokens never exceed. What the model is shown of
a part is counted even where it arrives in another form: a thinking block's signature carries the whole thinking in
encrypted form, a search result its page. Base64 of images and PDFs is never counted as text.
"""

from collections.abc import Callable
from typing import Any

from farthing.wire import media
from farthing.wire.anthropic.tools import gather_tool
from farthing.wire.dialect import Media
from farthing.wire.fields import as_mapping, mapping, needed_list, needed_text, text, wrong
from farthing.wire.gathered import Gathered, nested

# Anthropic's template is not public. These are generous; text itself leaves more slack (two to four bytes a token).
_PER_REQUEST = 32
_PER_MESSAGE = 12
_PER_BLOCK = 8
_PER_CALL = 64
_PER_PARAMETER = 12

_OUTPUT_FORMAT = 600
"""Structured outputs add a system prompt of undocumented length that explains the format."""


def gather_prompt(found: Gathered, body: dict[str, Any]) -> None:
    """Add `system`, `messages` and what else of the body becomes prompt. Raises BadRequest naming the field."""
    found.overhead += _PER_REQUEST
    if (system := body.get("system")) is not None:
        gather_content(found, system, "system")
    _output_format(found, body)
    for index, message in enumerate(needed_list(body, "messages")):
        _message(found, as_mapping(message, f"messages[{index}]"), f"messages[{index}]")


def gather_content(found: Gathered, content: object, where: str) -> None:
    """Add a string or a list of blocks."""
    if type(content) is str:
        found.pieces.append(content)
    elif type(content) is list:
        for index, block in enumerate(content):
            _block(found, as_mapping(block, f"{where}[{index}]"), f"{where}[{index}]")
    else:
        raise wrong(where, "a string or a list of blocks")


def _message(found: Gathered, message: dict[str, Any], where: str) -> None:
    found.begin_message()
    found.overhead += _PER_MESSAGE
    needed_text(message, "role", where)
    gather_content(found, message.get("content"), f"{where}.content")


def _output_format(found: Gathered, body: dict[str, Any]) -> None:
    config = mapping(body, "output_config") or {}
    for wanted in (mapping(config, "format", "output_config"), mapping(body, "output_format")):
        if wanted is not None:
            found.overhead += _OUTPUT_FORMAT
            found.json(wanted)


def _block(found: Gathered, block: dict[str, Any], where: str) -> None:
    kind = needed_text(block, "type", where)
    found.overhead += _PER_BLOCK
    found.breakpoint(block, where)
    _READERS.get(kind, _other)(found, block, where)


def _text(found: Gathered, block: dict[str, Any], where: str) -> None:
    content = block.get("text")
    if type(content) is not str:
        raise wrong(f"{where}.text", "a string")
    found.pieces.append(content)


def _hidden(found: Gathered, block: dict[str, Any], where: str) -> None:
    """Thinking and compaction come back as visible text and as an encrypted whole; both are counted."""
    for key in ("thinking", "signature", "data", "content", "encrypted_content"):
        if (content := text(block, key, where)) is not None:
            found.pieces.append(content)


def _call(found: Gathered, block: dict[str, Any], where: str) -> None:
    arguments = block.get("input")
    found.overhead += _PER_CALL + _PER_PARAMETER * (len(arguments) if type(arguments) is dict else 0)
    found.pieces.append(needed_text(block, "name", where))
    found.json(arguments)


def _result(found: Gathered, block: dict[str, Any], where: str) -> None:
    found.pieces.append(needed_text(block, "tool_use_id", where))
    if (content := block.get("content")) is not None:
        gather_content(found, content, f"{where}.content")


def _image(found: Gathered, block: dict[str, Any], where: str) -> None:
    """An image elsewhere needs no pointer: Anthropic scales every image down, so its formula has a maximum."""
    source = as_mapping(block.get("source"), f"{where}.source")
    if needed_text(source, "type", f"{where}.source") == "base64":
        found.media.append(media.image(needed_text(source, "data", f"{where}.source")))
    else:
        found.media.append(Media(kind="image"))


def _document(found: Gathered, block: dict[str, Any], where: str) -> None:
    for key in ("title", "context"):
        if (content := text(block, key, where)) is not None:
            found.pieces.append(content)
    at = f"{where}.source"
    source = as_mapping(block.get("source"), at)
    match needed_text(source, "type", at):
        case "base64":
            _pdf(found, needed_text(source, "data", at), at)
        case "text":
            found.pieces.append(needed_text(source, "data", at))
        case "content":
            gather_content(found, source.get("content"), f"{at}.content")
        case "file":
            found.media.append(Media(kind="document"))
            found.pointers.append(f"{at}.file_id")
        case _:
            found.media.append(Media(kind="document"))
            found.pointers.append(f"{at}.url")


def _pdf(found: Gathered, encoded: str, where: str) -> None:
    document = media.document(encoded)
    found.media.append(document)
    if not document.pages:
        found.pointers.append(f"{where}.data")


def _search_result(found: Gathered, block: dict[str, Any], where: str) -> None:
    for key in ("title", "source"):
        found.pieces.append(text(block, key, where) or "")
    gather_content(found, block.get("content"), f"{where}.content")


def _fetched(found: Gathered, block: dict[str, Any], where: str) -> None:
    """A fetched page holds a document block, which may be a PDF."""
    result = as_mapping(block.get("content"), f"{where}.content")
    if type(result.get("content")) is dict:
        found.pieces.append(text(result, "url", f"{where}.content") or "")
        _block(found, result["content"], f"{where}.content.content")
    else:
        _other(found, block, where)


def _upload(found: Gathered, block: dict[str, Any], where: str) -> None:
    needed_text(block, "file_id", where)
    found.pointers.append(f"{where}.file_id")


def _tool_addition(found: Gathered, block: dict[str, Any], where: str) -> None:
    tool = as_mapping(block.get("tool"), f"{where}.tool")
    if type(tool.get("definition")) is dict:
        gather_tool(found, tool["definition"], f"{where}.tool.definition")
    else:
        _other(found, block, where)


def _other(found: Gathered, block: dict[str, Any], _where: str) -> None:
    """Any other block counts with all its JSON."""
    found.json(block)
    for control in nested(block, "cache_control"):
        if type(control) is dict:
            found.breakpoint({"cache_control": control}, _where)


_READERS: dict[str, Callable[[Gathered, dict[str, Any], str], None]] = {
    "text": _text,
    "thinking": _hidden,
    "redacted_thinking": _hidden,
    "compaction": _hidden,
    "tool_use": _call,
    "server_tool_use": _call,
    "mcp_tool_use": _call,
    "tool_result": _result,
    "mcp_tool_result": _result,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "web_fetch_tool_result": _fetched,
    "container_upload": _upload,
    "tool_addition": _tool_addition,
}
