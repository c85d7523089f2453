"""What is known of a model beside its price: how much it takes and gives, and how its text becomes tokens."""

import msgspec


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one model; the defaults are what is assumed of a model nobody has described."""

    name: str
    context_tokens: int | None = None
    """The most input tokens a call can bill. None where unknown."""
    max_output_tokens: int | None = None
    """The most output tokens the model accepts as a cap. None where unknown."""
    reasons: bool = False
    """The model thinks before it answers, and bills the thinking as output."""
    writes_cache_unasked: bool = False
    """The provider bills cache writes although the body asks for none."""
    tokenizer: str | None = None
    """A public tokenizer that counts exactly (`o200k`, `cl100k`), or None."""
    family: str = ""
    """`openai`, `anthropic`, `gemini` or "": chooses formulas for images and template overhead."""
