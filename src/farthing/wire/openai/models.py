"""What a model's name says about the requests it accepts, where the name is OpenAI's own.

Names with a `/` belong to aggregators, which take the older fields for every model behind them.
"""

import re
from functools import lru_cache

import msgspec

CAP_FIELDS = ("max_tokens", "max_completion_tokens")
"""Both names of the output cap in Chat Completions; the first is the older one."""

ROOM_TO_REASON = 2_048
"""Under a cap of ours that is smaller, a model is told to reason as little as it can: reasoning counts as output, and an
answer that is all reasoning costs as much and says nothing."""

_OPENAI = re.compile(r"(?:ft:)?(?:gpt-(?!oss)|chatgpt-|o\d)")
_NEWER = re.compile(r"(?:ft:)?(?:gpt-4o|gpt-4\.|gpt-[5-9]|chatgpt-|o\d)")
_REASONING = re.compile(r"(?:ft:)?(?:gpt-[5-9]|o\d)")
_EFFORTS = re.compile(r"(?:ft:)?(?:gpt-[5-9]|o1(?!-mini|-preview)|o[3-9])")
_ONE_EFFORT = re.compile(r"-(?:chat|pro|deep-research)(?:-|$)")
_PUBLISHED = re.compile(r"(?:gpt-4o|gpt-4|gpt-3\.5-turbo)(?:-|$)")
_SPOKEN = re.compile(r"audio|realtime|transcribe|tts|image|search|instruct")
_SEARCHING = re.compile(r"-search-(?:preview|api)|:online$")

LONGEST_REMEMBERED = 128
"""Characters of a name; a longer one is no model's, and is not worth memory."""


class NameFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one name says."""

    is_openai: bool
    """One of OpenAI's hosted models: its prompt template is known."""
    always_searches: bool
    """It searches the web on every call, for a fee apiece (`gpt-4o-search-preview`, OpenRouter's `:online`)."""
    only_new_cap: bool
    """A reasoning model of OpenAI's: it takes `max_completion_tokens` and refuses the older field."""
    unfilled_cap: str
    """The cap's field where the caller filled none: the new name for OpenAI's models since gpt-4o, and for all others
    the old one, which every compatible server knows."""


def said_by(model: str) -> NameFacts:
    """The facts of a model's name. Calls name the same few models over and over, so those are remembered."""
    return _remembered(model) if len(model) <= LONGEST_REMEMBERED else _read(model)


def _read(model: str) -> NameFacts:
    return NameFacts(
        is_openai=_OPENAI.match(model) is not None,
        always_searches=_SEARCHING.search(model) is not None,
        only_new_cap=_REASONING.match(model) is not None,
        unfilled_cap="max_completion_tokens" if _NEWER.match(model) else "max_tokens",
    )


_remembered = lru_cache(maxsize=1_024)(_read)


def has_published_template(model: str) -> bool:
    """Whether OpenAI's cookbook ("How to count tokens with tiktoken") counts this model's chats to the token: the chat
    models that do not reason. Fine-tuned ones have a template of their own."""
    return _PUBLISHED.match(model) is not None and not _SPOKEN.search(model)


def takes_low_effort(model: str) -> bool:
    """Whether it is known to reason, and to accept `low` as its effort: all of OpenAI's reasoning models but the first
    previews, those that chat, and those that always think hard."""
    return bool(_EFFORTS.match(model)) and not _ONE_EFFORT.search(model)


def cap_field(model: str, used: str | None) -> str:
    """The field that carries the output cap. `used` is the one the caller filled, which stays unless the model refuses it."""
    name = said_by(model)
    if name.only_new_cap:
        return "max_completion_tokens"
    return name.unfilled_cap if used is None else used
