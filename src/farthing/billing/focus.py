"""FOCUS rows: a bill as the FinOps Open Cost and Usage Specification, versions 1.2 and 1.4, says it.

One row for each day (or hour), set of labels, model and meter, or kind of other cost; prices are per million tokens, as
providers list them. Column by column: docs/reference/focus.md.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from farthing.billing.allocation import Part, parts_of, whole
from farthing.billing.books import Bill
from farthing.billing.decimals import decimal, usd_of
from farthing.billing.focus_columns import Version, columns
from farthing.billing.focus_words import (
    category,
    described,
    maker,
    meter_words,
    price_unit,
    service,
    service_category,
)
from farthing.billing.month import span_of, stamp
from farthing.ports.billing import BillLine, BillTerms

Row = tuple[str, ...]


def focus_rows(bill: Bill, version: Version, *, book: str, allocate: bool = False) -> Iterator[Row]:
    """The rows of a bill, in the order of `columns(version)`; "" is null.

    The sum of BilledCost is the bill's to the pico-dollar. `allocate` divides shared lines among the teams that bear them.
    `book` names the price book that explains the lines.
    """
    names = columns(version)
    writer = _Writer(bill, book)
    parts: Iterable[Part] = parts_of(bill) if allocate else (whole(line, line.labels[0]) for line in bill.lines)
    for part in parts:
        row = writer.row(part)
        yield tuple([row.get(name, "") for name in names])


class _Writer:
    """What all rows of one bill share is written once."""

    def __init__(self, bill: Bill, book: str) -> None:
        terms = bill.terms
        opens_ms, closes_ms = span_of(bill.month)
        self._terms: BillTerms = terms
        self._same = {
            "BillingAccountId": terms.account,
            "BillingAccountName": terms.account_name,
            "BillingAccountType": "Gateway",
            "BillingCurrency": "USD",
            "BillingPeriodStart": stamp(opens_ms),
            "BillingPeriodEnd": stamp(closes_ms),
            "ChargeFrequency": "Usage-Based",
            "InvoiceId": f"{terms.account}-{bill.month}",
            "InvoiceIssuerName": terms.issuer,
            "ProviderName": terms.issuer,
            "ServiceProviderName": terms.issuer,
            "PricingCurrency": "USD",
        }
        self._book = book
        self._month = bill.month
        self._stamps: dict[int, str] = {}
        self._labels: dict[tuple[str, ...], dict[str, str]] = {}

    def row(self, part: Part) -> dict[str, str]:
        line = part.line
        key = charge_key(line, self._month)
        cost = usd_of(part.picos)
        made = {
            **self._same,
            **self._of_labels(line.labels, part.team),
            **self._of_service(line),
            "BilledCost": cost,
            "EffectiveCost": cost,
            "PricingCurrencyEffectiveCost": cost,
            "ContractedCost": cost,
            "ListCost": usd_of(part.list_picos),
            "ChargeCategory": category(line),
            "ChargeClass": "Correction" if line.corrects else "",
            "ChargeDescription": described(line),
            "ChargePeriodStart": self._stamp(line.start_ms),
            "ChargePeriodEnd": self._stamp(line.end_ms),
            "x_ChargeKey": key if part.split is None else f"{key}/{part.team}",
            "x_CostEstimated": "true" if line.meter == "estimated" else "false",
            "x_RequestCount": str(part.requests),
        }
        if line.corrects:
            made["x_CorrectedPeriod"] = line.corrects
            made["x_CorrectionOf"] = charge_key(msgspec.structs.replace(line, corrects=""), line.corrects)
        if line.has_price:
            made |= _of_price(part)
        elif line.meter == "unpriced":
            made |= _of_unpriced(line)
        if part.split is not None:
            made |= _of_split(part, key, self._terms.team)
        return made

    def _of_service(self, line: BillLine) -> dict[str, str]:
        name = maker(line.provider)
        of_category, of_subcategory = service_category(line)
        made = {
            "ServiceCategory": of_category,
            "ServiceName": service(line),
            "ServiceSubcategory": of_subcategory,
            "HostProviderName": name,
            "PublisherName": name,
            "x_Meter": line.meter,
            "x_Unpriced": "true" if line.meter == "unpriced" else "false",
        }
        if not line.other:
            made |= {
                "x_Model": line.model,
                "x_PriceBookVersion": self._book,
                "x_Provider": line.provider,
                "x_ServiceTier": line.tier or "standard",
            }
        return made

    def _stamp(self, ms: int) -> str:
        found = self._stamps.get(ms)
        if found is None:
            found = self._stamps[ms] = stamp(ms)
        return found

    def _of_labels(self, labels: tuple[str, ...], team: str) -> dict[str, str]:
        found = self._labels.get((*labels, team))
        if found is None:
            found = self._labels[(*labels, team)] = _labelled(self._terms, labels, team)
        return found


def charge_key(line: BillLine, month: str) -> str:
    """What names a charge for good: the same in every export of the month that tells it."""
    about = (month, line.corrects, line.start_ms, line.end_ms, line.labels, line.provider, line.model, line.tier)
    return sha256(msgspec.json.encode((*about, line.meter, line.each))).hexdigest()[:24]


def _labelled(terms: BillTerms, labels: tuple[str, ...], team: str) -> dict[str, str]:
    by_name = dict(zip(terms.names, labels, strict=True))
    made = {"Tags": _json({name: value for name, value in by_name.items() if value})}
    if team:
        made |= {"SubAccountId": team, "SubAccountName": team, "SubAccountType": terms.team.capitalize()}
    for name in ("agent", "key"):
        if by_name.get(name):
            made |= {"ResourceId": by_name[name], "ResourceName": by_name[name], "ResourceType": name.capitalize()}
            break
    return made


def _of_price(part: Part) -> dict[str, str]:
    """What a metered line has beside its cost. Quantity times price is the cost."""
    line = part.line
    unit, shift = price_unit(line.meter)
    sku = f"{line.provider}/{line.model}/{line.meter}"
    tier = line.tier or "standard"
    counted = decimal(part.quantity_billionths, 9)
    paid, listed = decimal(line.each, 12 - shift), decimal(line.list_each, 12 - shift)
    made = {
        "ConsumedQuantity": counted,
        "ConsumedUnit": meter_words(line.meter)[1],
        "PricingQuantity": decimal(part.quantity_billionths, 9 + shift),
        "PricingUnit": unit,
        "PricingCategory": "Standard" if not line.tier else "Other",
        "ContractedUnitPrice": paid,
        "ListUnitPrice": listed,
        "PricingCurrencyContractedUnitPrice": paid,
        "PricingCurrencyListUnitPrice": listed,
        "SkuId": sku,
        "SkuMeter": meter_words(line.meter)[0],
        "SkuPriceId": f"{sku}/{tier}/{line.list_each}",
        "SkuPriceDetails": _json({"x_Model": line.model, "x_ServiceTier": tier}),
    }
    if meter_words(line.meter)[1] == "Tokens":
        made |= {"x_TokenCount": counted, "x_TokenType": line.meter}
    return made


def _of_unpriced(line: BillLine) -> dict[str, str]:
    return {
        "x_UnpricedAttempts": str(line.quantity),
        "x_InputTokens": str(line.input_tokens),
        "x_OutputTokens": str(line.output_tokens),
    }


def _of_split(part: Part, key: str, team: str) -> dict[str, str]:
    split = part.split
    assert split is not None
    ratio = msgspec.Raw(decimal(split.ratio_millionths, 6).encode())
    return {
        "AllocatedMethodId": f"farthing-{split.method}",
        "AllocatedMethodDetails": _json({"Elements": [{"AllocatedRatio": ratio}]}),
        "AllocatedResourceId": part.team,
        "AllocatedResourceName": part.team,
        "AllocatedTags": _json({team: part.team}),
        "x_SplitOriginId": key,
        "x_SplitOriginCost": usd_of(split.origin_picos),
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
