"""What is known of a model beside its price: window, largest output, tokenizer. From the book, `data/models.json` and names.

Facts only ever tighten a bound or a cap, so an unknown model gets the defaults of `ModelFacts`, which assume nothing.
"""

import re
from typing import Self

import msgspec

from farthing.domain.model import ModelFacts
from farthing.pricing import bookfile as file
from farthing.pricing.book import REMEMBERED, PriceBook

Sizes = tuple[int | None, int | None, bool]
"""Largest input in tokens, largest output in tokens, whether the model can reason."""

TOKENIZERS = (
    ("o200k", re.compile(r"^(ft:)?(chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|o1|o3|o4-mini)([-.:]|$)")),
    ("cl100k", re.compile(r"^(ft:)?(gpt-4|gpt-3\.5-turbo)([-:]|$)|^text-embedding-(3-small|3-large|ada-002)$")),
)
"""OpenAI's own table of model names (its `tiktoken`, `model.py`). Models it does not name, like GPT-6, have no public
tokenizer: their bound stays bytes. Open weights of the family use another template and are left out."""
_SPOKEN = re.compile(r"audio|realtime|transcribe|tts|image|search")
"""Variants whose prompt holds more than the text we can see."""


class SizesFile(msgspec.Struct, frozen=True):
    """`data/models.json`: sizes by provider, and there by the book's model or by a fuller name that differs from it."""

    format: int
    source: str
    models: dict[str, dict[str, Sizes]]


class FactBook:
    """Facts of the models in a price book."""

    __slots__ = ("_book", "_remembered", "_sizes")

    def __init__(self, book: PriceBook, sizes: dict[str, dict[str, Sizes]]) -> None:
        self._book = book
        self._sizes = sizes
        self._remembered: dict[tuple[str, tuple[str, ...]], ModelFacts] = {}

    @classmethod
    def load(cls, book: PriceBook, raw: bytes | None = None) -> Self:
        """Facts from these bytes, or the packaged ones (reads a file: call while starting)."""
        sizes = msgspec.json.decode(file.packaged("models.json") if raw is None else raw, type=SizesFile)
        return cls(book, sizes.models)

    def find(self, model: str, *providers: str) -> ModelFacts:
        """The facts of a model; `providers` are hints as in `PriceBook.find`."""
        found = self._remembered.get((model, providers))
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[model, providers] = self._look_up(model, providers)
        return found

    def _look_up(self, model: str, providers: tuple[str, ...]) -> ModelFacts:
        known = self._book.describe(model, *providers)
        if known is None:
            return ModelFacts(name=model)
        seller, entry = known
        largest, most_output, reasons = self._sizes_of(seller, entry.id, model.lower())
        bare = model.lower().rpartition("/")[2]
        family = _family(bare, seller)
        return ModelFacts(
            name=model,
            context_tokens=_window(entry, largest),
            max_output_tokens=most_output,
            reasons=reasons and family != "anthropic",  # Claude thinks only where the body says so
            writes_cache_unasked=entry.writes_cache and family != "anthropic",
            tokenizer=_tokenizer(bare) if family == "openai" else None,
            family=family,
        )

    def _sizes_of(self, seller: str, known: str, name: str) -> Sizes:
        """The name's own sizes, else those of the book's model that it means."""
        sold = self._sizes.get(seller, {})
        return sold.get(name) or sold.get(known) or (None, None, False)


def _window(entry: file.Model, largest: int | None) -> int | None:
    """The most input one call can bill: the larger of two sources, and only where nothing speaks against it.

    Embeddings take a list of inputs that may each fill the window; and a long-context price beyond the window says that
    there are longer calls (Claude Sonnet 4.5 takes a million tokens where the request asks for it).
    """
    window = max(entry.context or 0, largest or 0)
    return window if entry.has_output and window > entry.highest_threshold else None


def _family(bare: str, seller: str) -> str:
    """Whose formulas hold for a model that the book knows, whoever sells it."""
    if "claude" in bare:
        return "anthropic"
    if bare.startswith("gemini"):
        return "gemini"
    return "openai" if seller in {"openai", "azure"} or re.match(r"(ft:)?(gpt-|chatgpt-|o[134](-|$))", bare) else ""


def _tokenizer(bare: str) -> str | None:
    if _SPOKEN.search(bare):
        return None
    return next((name for name, pattern in TOKENIZERS if pattern.match(bare)), None)
