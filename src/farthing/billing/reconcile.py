"""Reconciliation: a provider's export beside our records, model by model, and in words what a difference means.

The rules: more than a tenth off in any quantity is a fault in counting, here or there; equal quantities and unequal money are
a question of price. Calls are counted in the month in which they arrived; a provider may count by when it finished. What no
provider of models bills, paid tools and costs beside models, is in no comparison: it is told beside it.
"""

from fractions import Fraction

import msgspec

from farthing.billing.claim import QUANTITIES, Claim, merged, model_of
from farthing.billing.decimals import usd_of
from farthing.billing.export_file import Export
from farthing.billing.month import span_of
from farthing.ports.history import History
from farthing.pricing.tool_price import TOOL

COUNTING = Fraction(1, 10)
"""A quantity that is off by more is counted wrongly, here or there."""
EQUAL = Fraction(1, 100)
"""What is off by less is called equal: calls at the edges of a month."""
_WORDS = {
    "requests": "requests",
    "input_tokens": "input tokens",
    "cache_read_input_tokens": "cached input tokens",
    "cache_write_input_tokens": "cache writes",
    "output_tokens": "output tokens",
    "web_searches": "web searches",
}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure on both sides. Money is in pico-dollars."""

    name: str
    """One of `QUANTITIES`, or `cost`."""
    ours: int
    theirs: int

    @property
    def share(self) -> Fraction:
        """How far they are apart, as a part of the larger one."""
        largest = max(abs(self.ours), abs(self.theirs))
        return Fraction(abs(self.ours - self.theirs), largest) if largest else Fraction(0)


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One model, or everything under "" where the export tells no models apart."""

    model: str
    verdict: str
    """`agrees`, `counting`, `price`, `edges`, `only here` or `only there`."""
    words: str
    """What it means, and what to do."""
    figures: tuple[Difference, ...]
    """What both sides say."""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A month of one provider on both sides."""

    month: str
    provider: str
    shape: str
    records: int
    models: tuple[Compared, ...]
    open_attempts: int
    estimated_nanos: int
    tools_nanos: int = 0
    """What paid tools cost here in that month: not compared."""
    other_nanos: int = 0
    """What else was booked beside models in that month: not compared."""

    @property
    def agrees(self) -> bool:
        return all(compared.verdict == "agrees" for compared in self.models)


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What we recorded of one provider in one month."""

    claims: tuple[Claim, ...]
    open_attempts: int
    estimated_nanos: int
    tools_nanos: int = 0
    """Of the whole month: what paid tools cost, which no provider of models bills."""
    other_nanos: int = 0
    """Of the whole month: other costs that were booked."""


def recorded(history: History, provider: str, month: str) -> Ours:
    """Our side, by model as the provider was asked. `provider` is its name in the configuration. Raises LedgerUnavailable."""
    since_ms, until_ms = span_of(month)
    rows = history.usage(by=("model",), since_ms=since_ms, until_ms=until_ms, where=(("provider", provider),))
    claims = merged(
        Claim(
            model=model_of(row.group[0]),
            requests=row.attempts,
            input_tokens=row.usage.input_tokens,
            cache_read_input_tokens=row.usage.cache_read_input_tokens,
            cache_write_input_tokens=row.usage.cache_write_input_tokens,
            output_tokens=row.usage.output_tokens,
            web_searches=row.usage.web_search_requests,
            picos=row.cost_nanos * 1_000,
        )
        for row in rows
        if row.attempts
    )
    tools = history.usage(by=(), since_ms=since_ms, until_ms=until_ms, where=(("provider", TOOL),))
    others = history.other_costs(by=(), since_ms=since_ms, until_ms=until_ms)
    return Ours(
        claims=claims,
        open_attempts=sum(row.open for row in rows),
        estimated_nanos=sum(row.estimated_nanos for row in rows),
        tools_nanos=sum(row.cost_nanos for row in tools),
        other_nanos=sum(row.nanos for row in others),
    )


def reconcile(month: str, provider: str, export: Export, ours: Ours) -> Reconciliation:
    """Both sides, compared."""
    theirs = {claim.model: claim for claim in export.claims}
    mine = {claim.model: claim for claim in ours.claims}
    if set(theirs) == {""}:  # not told apart there: compare the sums
        mine = {claim.model: claim for claim in merged(_nameless(claim) for claim in ours.claims)}
    models = tuple(_compared(name, mine.get(name), theirs.get(name)) for name in sorted({*mine, *theirs}))
    return Reconciliation(
        month=month,
        provider=provider,
        shape=export.shape,
        records=export.records,
        models=models,
        open_attempts=ours.open_attempts,
        estimated_nanos=ours.estimated_nanos,
        tools_nanos=ours.tools_nanos,
        other_nanos=ours.other_nanos,
    )


def _nameless(claim: Claim) -> Claim:
    return msgspec.structs.replace(claim, model="")


def _compared(model: str, ours: Claim | None, theirs: Claim | None) -> Compared:
    if theirs is None:
        assert ours is not None
        words = "not in the export: it may not cover this model, project or key, or another account paid"
        return Compared(model=model, verdict="only here", words=words, figures=_figures(ours, Claim(model=model)))
    if ours is None:
        words = "never seen here: calls that do not go through this gateway, or a model under another name"
        return Compared(model=model, verdict="only there", words=words, figures=_figures(Claim(model=model), theirs))
    figures = tuple(each for each in _figures(ours, theirs) if _said(ours, theirs, each.name))
    verdict, words = _judged(figures, ours, theirs)
    return Compared(model=model, verdict=verdict, words=words, figures=figures)


def _figures(ours: Claim, theirs: Claim) -> tuple[Difference, ...]:
    made = [
        Difference(name=name, ours=getattr(ours, name) or 0, theirs=getattr(theirs, name) or 0) for name in QUANTITIES
    ]
    return (*made, Difference(name="cost", ours=ours.picos or 0, theirs=theirs.picos or 0))


def _said(ours: Claim, theirs: Claim, name: str) -> bool:
    field = "picos" if name == "cost" else name
    return getattr(ours, field) is not None and getattr(theirs, field) is not None


def _judged(figures: tuple[Difference, ...], ours: Claim, theirs: Claim) -> tuple[str, str]:
    quantities = [each for each in figures if each.name != "cost"]
    money = next((each for each in figures if each.name == "cost"), None)
    off = [each for each in quantities if each.share > COUNTING]
    if off:
        return "counting", _counted(off, ours, theirs)
    if all(each.share <= EQUAL for each in figures):
        return "agrees", "agrees within 1 %"
    if money is not None and money.share > EQUAL and not quantities:
        return "price", _unlike(money) + "; the export has no quantities: reconcile the usage export too, to tell why"
    if money is not None and money.share > EQUAL and all(each.share <= EQUAL for each in quantities):
        return "price", _unlike(money) + " for equal quantities: a contract price or discount; set it under [[prices]]"
    words = "off by less than a tenth: calls at the edges of the month, or attempts whose outcome is not known yet"
    return "edges", words


def _unlike(money: Difference) -> str:
    return f"${usd_of(money.ours)} here, ${usd_of(money.theirs)} there"


def _counted(off: list[Difference], ours: Claim, theirs: Claim) -> str:
    """The likeliest reason first."""
    names = ", ".join(f"{_WORDS[each.name]} ({each.ours:,} here, {each.theirs:,} there)" for each in off)
    return f"counted differently: {names}; {_reason(off, ours, theirs)}"


def _reason(off: list[Difference], ours: Claim, theirs: Claim) -> str:
    names = {each.name for each in off}
    cached = theirs.cache_read_input_tokens or 0
    twice = (theirs.input_tokens or 0) + cached
    if "input_tokens" in names and cached and _near(ours.input_tokens or 0, twice):
        return "cached tokens seem to be counted twice here: please report it"
    if names == {"cache_read_input_tokens"}:
        return "what was read from the cache is seen on one side only, and priced so"
    if "requests" in names and all(each.theirs > each.ours for each in off):
        return "more there: calls that do not go through this gateway, or another key of the same account"
    if "requests" in names and all(each.ours > each.theirs for each in off):
        return "more here: the export covers a part of the month, of the projects or of the keys"
    if "requests" not in names and len(names) < len(QUANTITIES):
        return "as many requests but other tokens: a fault in counting, here or there; compare single calls"
    return "compare single days to find where it begins"


def _near(one: int, other: int) -> bool:
    return Difference(name="", ours=one, theirs=other).share <= EQUAL
