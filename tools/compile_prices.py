"""Compile the price book: read the installed `genai-prices` and write `src/farthing/pricing/data/prices.json`.

    python tools/compile_prices.py            write the file, and list what could not be taken over
    python tools/compile_prices.py --check    exit 1 if the committed file is not what would be written

`genai-prices` (MIT) keeps prices as decimals in USD; here they become whole pico-dollars. What the price of a model
depends on beside what `domain.usage` counts (seconds of audio, generated images, pages) cannot be priced exactly, so
such a model is written down as unpriced, with the reason: unpriced is a state, and a guess would be worse.
"""

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices import types as source
from genai_prices.data import providers as source_providers
from periods import Report, periods_of

from farthing.pricing import bookfile as file
from farthing.pricing.rules import Rule

TARGET = Path(__file__).parent.parent / "src/farthing/pricing/data/prices.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the committed file differs")
    arguments = parser.parse_args()
    report = Report()
    fresh = render(compile_book(report))
    if arguments.check:
        same = TARGET.exists() and TARGET.read_bytes() == fresh
        print(f"{TARGET.name} is {'current' if same else 'not what the installed genai-prices gives: run me'}")
        return 0 if same else 1
    TARGET.write_bytes(fresh)
    print(f"wrote {TARGET} ({len(fresh):,} bytes)")
    for line in report.lines():
        print(line)
    return 0


def compile_book(report: Report) -> file.Book:
    """The whole book from the installed package. What could not be taken over goes into `report`."""
    providers = tuple(_provider(provider, report) for provider in source_providers)
    return file.Book(
        format=file.FORMAT,
        source=f"genai-prices {version('genai-prices')}",
        hash=file.digest(providers),
        providers=providers,
    )


def render(book: file.Book) -> bytes:
    """The file's bytes: JSON with one model a line, so that a change of prices is a readable diff."""
    lines = [f'{{"format":{book.format},"source":"{book.source}","hash":"{book.hash}","providers":[']
    for number, provider in enumerate(book.providers):
        head = msgspec.json.encode(msgspec.structs.replace(provider, models=())).decode()
        lines.append(("," if number else "") + head[:-1] + ',"models":[')
        models = [msgspec.json.encode(model).decode() for model in provider.models]
        lines.append(",\n".join(models) + "]}")
    lines.append("]}")
    return ("\n".join(lines) + "\n").encode()


def _provider(provider: source.Provider, report: Report) -> file.Provider:
    return file.Provider(
        id=provider.id,
        names=rule(provider.provider_match) if provider.provider_match else None,
        owns=rule(provider.model_match) if provider.model_match else None,
        fallback=tuple(provider.fallback_model_providers or ()),
        models=tuple(
            file.Model(
                id=model.id,
                match=rule(model.match),
                context=model.context_window,
                periods=periods_of(model, f"{provider.id}/{model.id}", report),
            )
            for model in provider.models
        ),
    )


def rule(clause: source.MatchLogic) -> Rule:
    """A clause of `genai-prices` as a rule. Nested "or"s become one rule; texts are compared in lower case."""
    parts: dict[str, list] = {}
    for simple in _alternatives(clause):
        match simple:
            case source.ClauseEquals(equals=text):
                parts.setdefault("equals", []).append(text.lower())
            case source.ClauseStartsWith(starts_with=text):
                parts.setdefault("starts_with", []).append(text.lower())
            case source.ClauseEndsWith(ends_with=text):
                parts.setdefault("ends_with", []).append(text.lower())
            case source.ClauseContains(contains=text):
                parts.setdefault("contains", []).append(text.lower())
            case source.ClauseRegex(regex=text):
                parts.setdefault("regex", []).append(text)
            case source.ClauseAnd(and_=clauses):
                parts.setdefault("all", []).append(tuple(rule(each) for each in clauses))
            case _:
                raise TypeError(f"genai-prices has a clause this tool does not know: {simple!r}")
    return Rule(**{name: tuple(values) for name, values in parts.items()})


def _alternatives(clause: source.MatchLogic) -> list[source.MatchLogic]:
    if not isinstance(clause, source.ClauseOr):
        return [clause]
    return [simple for each in clause.or_ for simple in _alternatives(each)]


if __name__ == "__main__":
    sys.exit(main())
