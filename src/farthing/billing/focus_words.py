"""The words of FOCUS rows: meters, units, makers of models, and why a charge is there."""

from farthing.ports.billing import LUMP_SUMS, BillLine
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
_AI = ("AI and Machine Learning", "Generative AI")
_CATEGORIES = {
    "search": ("Analytics", "Search"),
    "compute": ("Compute", "Other (Compute)"),
    "storage": ("Storage", "Other (Storage)"),
}
"""ServiceCategory and ServiceSubcategory of kinds of other costs that say what they are; the words are FOCUS's."""
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
    tools and costs beside models nobody says who is paid."""
    return _MAKERS.get(provider.lower(), provider) or "(unknown)"


def service(line: BillLine) -> str:
    """What was bought of whom; of a cost beside models its kind, as whoever booked it named it."""
    if line.other:
        return line.other
    return _TOOLS if line.provider == TOOL else f"{maker(line.provider)} API"


def service_category(line: BillLine) -> tuple[str, str]:
    """ServiceCategory and ServiceSubcategory. What a kind of cost beside models does not say is not guessed at."""
    return _CATEGORIES.get(line.other.lower(), ("Other", "Other (Other)")) if line.other else _AI


def category(line: BillLine) -> str:
    """`Usage` is what is metered; the rest are adjustments, which need neither quantity nor price."""
    return "Usage" if line.has_price else "Adjustment"


def described(line: BillLine) -> str:
    """Why there is a charge, in a sentence."""
    tier = f", service tier {line.tier}" if line.tier else ""
    if line.meter in LUMP_SUMS:
        said = f"{_WHY[line.meter]}: {line.model}{tier}"
    elif line.other:
        said = f"Cost beside models: {line.other}{_times(line)}"
    else:
        said = f"{meter_words(line.meter)[0]} of {line.model}{tier}"
    return f"Correction of {line.corrects}: {said}" if line.corrects else said


def _times(line: BillLine) -> str:
    """How often it was booked. Of a correction nobody can say: it is a difference."""
    if line.corrects or line.quantity < 1:
        return ""
    return ", booked once" if line.quantity == 1 else f", booked {line.quantity:,} times"
