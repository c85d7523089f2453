"""What a model's name says about the requests it accepts, where the name is OpenAI's own.

Names with a `/` belong to aggregators, which take the older fields for every model behind them.
"""

import re

CAP_FIELDS = ("max_tokens", "max_completion_tokens")
"""Both names of the output cap in Chat Completions; the first is the older one."""

_OPENAI = re.compile(r"(?:ft:)?(?:gpt-(?!oss)|chatgpt-|o\d)")
_NEWER = re.compile(r"(?:ft:)?(?:gpt-4o|gpt-4\.|gpt-[5-9]|chatgpt-|o\d)")
_REASONING = re.compile(r"(?:ft:)?(?:gpt-[5-9]|o\d)")
_PUBLISHED = re.compile(r"(?:gpt-4o|gpt-4|gpt-3\.5-turbo)(?:-|$)")
_SPOKEN = re.compile(r"audio|realtime|transcribe|tts|image|search|instruct")
_SEARCHING = re.compile(r"-search-(?:preview|api)|:online$")


def is_openai(model: str) -> bool:
    """Whether the name is one of OpenAI's hosted models: its prompt template is known."""
    return _OPENAI.match(model) is not None


def has_published_template(model: str) -> bool:
    """Whether OpenAI's cookbook ("How to count tokens with tiktoken") counts this model's chats to the token: the chat
    models that do not reason. Fine-tuned ones have a template of their own."""
    return _PUBLISHED.match(model) is not None and not _SPOKEN.search(model)


def always_searches(model: str) -> bool:
    """The model searches the web on every call, for a fee apiece (`gpt-4o-search-preview`, OpenRouter's `:online`)."""
    return _SEARCHING.search(model) is not None


def cap_field(model: str, used: str | None) -> str:
    """The field that carries the output cap. `used` is the one the caller filled, which stays unless the model refuses it:
    reasoning models take only `max_completion_tokens`. Where the caller filled none, OpenAI's models since gpt-4o get
    the new name and all others the old one, which every compatible server knows.
    """
    if _REASONING.match(model):
        return "max_completion_tokens"
    if used is not None:
        return used
    return "max_completion_tokens" if _NEWER.match(model) else "max_tokens"
