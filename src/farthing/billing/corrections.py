"""Corrections: how what is known of a closed month differs from what was told of it. Told again, it differs no more."""

from collections.abc import Iterable, Iterator

from farthing.ports.billing import BillLine

_Group = tuple[int, int, tuple[str, ...], str, str, str]
_Meter = tuple[str, int]


class _Sums:
    """What the lines of one group come to, by meter and price."""

    __slots__ = ("by_meter", "lists", "requests")

    def __init__(self) -> None:
        self.by_meter: dict[_Meter, tuple[int, int, int, int]] = {}
        """Quantity, pico-dollars, input and output tokens without a price."""
        self.lists: dict[_Meter, int] = {}
        self.requests = 0

    def add(self, line: BillLine) -> None:
        meter = line.meter, line.each
        quantity, picos, given, said = self.by_meter.get(meter, (0, 0, 0, 0))
        self.by_meter[meter] = (
            quantity + line.quantity,
            picos + line.picos,
            given + line.input_tokens,
            said + line.output_tokens,
        )
        self.lists.setdefault(meter, line.list_each)
        self.requests += line.requests

    @property
    def worth(self) -> tuple[int, int]:
        """What must stay the same for nothing to be told: the money, and the attempts that nobody can price."""
        return sum(sums[1] for sums in self.by_meter.values()), self.by_meter.get(("unpriced", 0), (0, 0, 0, 0))[0]


def corrections(month: str, told: Iterable[BillLine], now: Iterable[BillLine]) -> tuple[BillLine, ...]:
    """Lines that make what was told of `month` (its own lines, and all corrections of it so far) what it is `now`.

    Only groups whose money changed are told again: another edition of the price book explains the same money with other
    lines, and that is no news to whoever pays it. Amounts and quantities are differences and may be negative.
    """
    before, after = _by_group(told), _by_group(now)
    made: list[BillLine] = []
    for group in sorted({*before, *after}):
        was, is_now = before.get(group, _Sums()), after.get(group, _Sums())
        if was.worth != is_now.worth:
            made += _differences(month, group, was, is_now)
    return tuple(made)


def _by_group(lines: Iterable[BillLine]) -> dict[_Group, _Sums]:
    found: dict[_Group, _Sums] = {}
    for line in lines:
        group = (line.start_ms, line.end_ms, line.labels, line.provider, line.model, line.tier)
        found.setdefault(group, _Sums()).add(line)
    return found


def _differences(month: str, group: _Group, was: _Sums, is_now: _Sums) -> Iterator[BillLine]:
    start_ms, end_ms, labels, provider, model, tier = group
    requests = is_now.requests - was.requests
    for meter in sorted({*was.by_meter, *is_now.by_meter}):
        then, there = was.by_meter.get(meter, (0, 0, 0, 0)), is_now.by_meter.get(meter, (0, 0, 0, 0))
        if then == there:
            continue
        quantity, picos, given, said = (new - old for new, old in zip(there, then, strict=True))
        yield BillLine(
            start_ms=start_ms,
            end_ms=end_ms,
            labels=labels,
            provider=provider,
            model=model,
            tier=tier,
            meter=meter[0],
            each=meter[1],
            list_each=was.lists.get(meter, is_now.lists.get(meter, meter[1])),
            quantity=quantity,
            picos=picos,
            requests=requests,
            input_tokens=given,
            output_tokens=said,
            corrects=month,
        )
        requests = 0
