"""Compile `src/farthing/pricing/data/models.json`: how much each model of the price book takes and gives.

    python tools/compile_models.py PATH      PATH is litellm's `model_prices_and_context_window_backup.json` (MIT),
                                             taken out of its wheel; Farthing never depends on litellm

Where several entries mean one model of the book, the largest input is kept (a bound must not be too low) and the
smallest output (a cap must not be refused by the provider); a name that has an entry of its own keeps that.
"""

import json
import sys
from pathlib import Path

from farthing.pricing.book import PriceBook

TARGET = Path(__file__).parent.parent / "src/farthing/pricing/data/models.json"
SELLER_OF = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "vertex_ai-language-models": "google",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "xai": "x-ai",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "groq": "groq",
    "cerebras": "cerebras",
    "cohere_chat": "cohere",
    "moonshot": "moonshotai",
    "minimax": "minimax",
    "zai": "zai",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "novita": "novita",
}
"""The source's names of providers and the price book's."""
MODES = {"chat", "responses", "completion"}


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    entries = json.loads(Path(sys.argv[1]).read_text())
    models = merge(entries, PriceBook.load())
    TARGET.write_text(render(models))
    print(f"wrote {TARGET}: {sum(map(len, models.values())):,} models")
    return 0


def merge(entries: dict, book: PriceBook) -> dict[str, dict[str, list]]:
    """Sizes by the book's provider and model; and by a name of its own where a snapshot or an edition differs."""
    found: dict[str, dict[str, list]] = {}
    named: list[tuple[str, str, str, list]] = []
    for name, entry in sorted(entries.items()):
        seller = SELLER_OF.get(entry.get("litellm_provider"))
        if seller is None or entry.get("mode") not in MODES:
            continue
        bare = name.split("/", 1)[1] if name.startswith(entry["litellm_provider"].split("_converse")[0] + "/") else name
        known = book.describe(bare, seller)
        if known is None or known[0] != seller:
            continue
        sizes = [_count(entry.get(key)) for key in ("max_input_tokens", "max_output_tokens")]
        sizes.append(bool(entry.get("supports_reasoning")))
        named.append((seller, known[1].id, bare.lower(), sizes))
        here = found.setdefault(seller, {})
        here[known[1].id] = _joined(here.get(known[1].id), sizes)
    for seller, _, bare, sizes in named:
        if found[seller].get(bare) != sizes:
            found[seller][bare] = sizes
    return {seller: _without_repeats(rows, seller, named) for seller, rows in found.items()}


def _without_repeats(rows: dict[str, list], seller: str, named: list[tuple[str, str, str, list]]) -> dict[str, list]:
    """Leave out a name that says nothing beyond what its model in the book says."""
    repeated = {bare for each, known, bare, sizes in named if each == seller and bare != known and rows[known] == sizes}
    return {name: sizes for name, sizes in rows.items() if name not in repeated}


def render(models: dict[str, dict[str, list]]) -> str:
    """One model a line, sorted."""
    lines = ['{"format":1,"source":"litellm","models":{']
    for number, (seller, rows) in enumerate(sorted(models.items())):
        lines.append(("," if number else "") + json.dumps(seller) + ":{")
        lines.append(
            ",\n".join(f"{json.dumps(name)}:{json.dumps(sizes)}" for name, sizes in sorted(rows.items())) + "}"
        )
    return "\n".join([*lines, "}}"]) + "\n"


def _joined(one: list | None, other: list) -> list:
    if one is None:
        return other
    inputs, outputs = ([size for size in pair if size is not None] for pair in zip(one[:2], other[:2], strict=True))
    return [max(inputs, default=None), min(outputs, default=None), one[2] or other[2]]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


if __name__ == "__main__":
    sys.exit(main())
