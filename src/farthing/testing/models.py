"""What the simulated provider knows of models: limits that the real ones enforce, and how they cache."""

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One family of models. Tokens throughout."""

    prefix: str
    maker: str
    context: int
    max_output: int
    reasons: bool = False
    """It thinks before it answers. OpenAI's such models refuse `max_tokens` and most temperatures."""
    cache_minimum: int = 1_024
    """The shortest prefix that is cached."""
    writes_cache: bool = False
    """Bills the tokens it writes to its cache although nobody asked (OpenAI from 5.6 on)."""


def _openai(prefix: str, context: int, max_output: int, *, reasons: bool = False, writes_cache: bool = False) -> Model:
    return Model(
        prefix=prefix,
        maker="openai",
        context=context,
        max_output=max_output,
        reasons=reasons,
        writes_cache=writes_cache,
    )


def _anthropic(prefix: str, max_output: int, cache_minimum: int = 1_024) -> Model:
    return Model(prefix=prefix, maker="anthropic", context=200_000, max_output=max_output, cache_minimum=cache_minimum)


def _gemini(prefix: str, max_output: int = 65_536, *, reasons: bool = True, cache_minimum: int = 4_096) -> Model:
    return Model(
        prefix=prefix,
        maker="gemini",
        context=1_048_576,
        max_output=max_output,
        reasons=reasons,
        cache_minimum=cache_minimum,
    )


_NO_IMPLICIT_CACHE = 1 << 40

MODELS = (
    _openai("gpt-3.5-turbo", 16_385, 4_096),
    _openai("gpt-4", 8_192, 8_192),
    _openai("gpt-4-turbo", 128_000, 4_096),
    _openai("gpt-4o", 128_000, 16_384),
    _openai("gpt-4.1", 1_047_576, 32_768),
    _openai("gpt-5", 400_000, 128_000, reasons=True),
    _openai("gpt-5-chat", 128_000, 16_384),
    _openai("gpt-5.4", 1_050_000, 128_000, reasons=True),
    _openai("gpt-5.4-mini", 400_000, 128_000, reasons=True),
    _openai("gpt-5.4-nano", 400_000, 128_000, reasons=True),
    _openai("gpt-5.6", 1_050_000, 128_000, reasons=True, writes_cache=True),
    _openai("gpt-6", 1_050_000, 128_000, reasons=True, writes_cache=True),
    _openai("o1", 200_000, 100_000, reasons=True),
    _openai("o3", 200_000, 100_000, reasons=True),
    _openai("o4-mini", 200_000, 100_000, reasons=True),
    _openai("text-embedding-", 8_192, 1),
    _anthropic("claude-3-haiku", 4_096, 2_048),
    _anthropic("claude-3-5-haiku", 8_192, 2_048),
    _anthropic("claude-3-5-sonnet", 8_192),
    _anthropic("claude-3-7-sonnet", 64_000),
    _anthropic("claude-sonnet-4", 64_000),
    _anthropic("claude-sonnet-4-6", 64_000, 2_048),
    _anthropic("claude-opus-4", 32_000),
    _anthropic("claude-opus-4-5", 64_000, 4_096),
    _anthropic("claude-opus-4-6", 128_000, 4_096),
    _anthropic("claude-opus-4-7", 128_000, 4_096),
    _anthropic("claude-opus-4-8", 128_000),
    _anthropic("claude-haiku-4-5", 64_000, 4_096),
    _gemini("gemini-", 65_536, cache_minimum=4_096),
    _gemini("gemini-1.5", 8_192, reasons=False, cache_minimum=_NO_IMPLICIT_CACHE),
    _gemini("gemini-2.0", 8_192, reasons=False, cache_minimum=_NO_IMPLICIT_CACHE),
    _gemini("gemini-2.5", cache_minimum=2_048),
)
"""Limits as the makers publish them; a longer prefix wins over a shorter one."""

UNKNOWN = Model(prefix="", maker="openai", context=1_000_000, max_output=128_000)
"""A model nobody described: accepted, with generous limits."""

LISTED = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-5",
    "gpt-5-mini",
    "o3",
    "o4-mini",
    "text-embedding-3-small",
    "text-embedding-3-large",
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "gemini-2.5-flash",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
)
"""What `GET /v1/models` shows unless the provider was given its own list."""


def model_named(name: str) -> Model:
    """The facts of a model by its name, dated or not; `UNKNOWN` where no family fits."""
    return max((model for model in MODELS if name.startswith(model.prefix)), key=_length, default=UNKNOWN)


def _length(model: Model) -> int:
    return len(model.prefix)
