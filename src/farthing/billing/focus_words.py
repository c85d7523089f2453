"""The words of FOCUS rows: meters, units, makers of models, and why a charge is there."""

from farthing.ports.billing import LUMP_SUMS, OTHER, BillLine
from farthing.pricing.tool_price import TOOL

_TOKENS = {
    "input": "Input Tokens",
    "cache_read": "Cached Input Tokens",
    "cache_write_5m": "Cache Write Tokens (5 minutes)",
    "cache_write_1h": "Cache Write Tokens (1 hour)",
    "audio_input": "Audio Input Tokens",
    "cached_audio_input": "Cached Audio Input Tokens",
    "output": "Output Tokens",
    "audio_output": "Audio Output Tokens",
}
_APIECE = {"web_search": ("Web Searches", "Searches"), "request": ("Requests", "Requests")}
_TOOLS = "Tools"
_MAKERS = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "gemini": "Google",
    "google": "Google",
    "azure": "Microsoft Azure",
    "bedrock": "Amazon Web Services",
    "groq": "Groq",
    "mistral": "Mistral AI",
    "deepseek": "DeepSeek",
    "xai": "xAI",
    "openrouter": "OpenRouter",
    TOOL: _TOOLS,
}
_WHY = {
    "rounding": "Rounding up of each attempt to whole nano-dollars",
    "estimated": "Charged by the budgets' policy: the provider never said what these attempts cost",
    "unexplained": "Cost without lines: an operator's word, or prices of another edition of the price book",
    "unpriced": "Attempts without a known price: their cost is NOT in this row and is not zero",
}


def meter_words(meter: str) -> tuple[str, str]:
    """A meter's name and the unit of what it counts."""
    if meter in _APIECE:
        return _APIECE[meter]
    return _TOKENS.get(meter, meter.replace("_", " ").title()), "Tokens"


def price_unit(meter: str) -> tuple[str, int]:
    """The unit that is priced, and its size as a power of ten: a million tokens, a thousand of anything else."""
    if meter in _APIECE:
        return f"1000 {_APIECE[meter][1]}", 3
    return "1000000 Tokens", 6


def maker(provider: str) -> str:
    """Who provides the service, as people write it; a provider of the configuration's own naming stays as it is named. Of
    tools nobody says who is paid."""
    return _MAKERS.get(provider.lower(), provider) or "(unknown)"


def service(provider: str) -> str:
    """What was bought of whom."""
    return _TOOLS if provider == TOOL else f"{maker(provider)} API"


def category(line: BillLine) -> str:
    """`Usage` is what is metered; the rest are adjustments, which need no quantity."""
    return "Usage" if line.has_price else "Adjustment"


def described(line: BillLine) -> str:
    """Why there is a charge, in a sentence."""
    tier = f", service tier {line.tier}" if line.tier else ""
    if line.meter in LUMP_SUMS:
        said = f"{_WHY[line.meter]}: {line.model}{tier}"
    elif line.meter.startswith(OTHER):
        said = f"Cost beside models: {line.meter.removeprefix(OTHER)}"
    else:
        said = f"{meter_words(line.meter)[0]} of {line.model}{tier}"
    return f"Correction of {line.corrects}: {said}" if line.corrects else said
