"""The columns of FOCUS Cost and Usage that we fill, in order: 1.2 and 1.4, and our own behind them."""

from typing import Literal

Version = Literal["1.2", "1.4"]
VERSIONS: tuple[Version, ...] = ("1.2", "1.4")

_BOTH = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingQuantity",
    "PricingUnit",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)
_ONLY = {
    "1.2": (
        "CommitmentDiscountStatus",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
        "ProviderName",
        "PublisherName",
    ),
    "1.4": (
        "AllocatedMethodDetails",
        "AllocatedMethodId",
        "AllocatedResourceId",
        "AllocatedResourceName",
        "AllocatedTags",
        "HostProviderName",
        "ServiceProviderName",
    ),
}
OURS = (
    "x_ChargeKey",
    "x_CorrectedPeriod",
    "x_CorrectionOf",
    "x_CostEstimated",
    "x_InputTokens",
    "x_Meter",
    "x_Model",
    "x_OutputTokens",
    "x_PriceBookVersion",
    "x_Provider",
    "x_RequestCount",
    "x_ServiceTier",
    "x_SplitOriginCost",
    "x_SplitOriginId",
    "x_TokenCount",
    "x_TokenType",
    "x_Unpriced",
    "x_UnpricedAttempts",
)
DECIMALS = frozenset(
    {
        "BilledCost",
        "ConsumedQuantity",
        "ContractedCost",
        "ContractedUnitPrice",
        "EffectiveCost",
        "ListCost",
        "ListUnitPrice",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
        "PricingQuantity",
        "x_SplitOriginCost",
    }
)
"""Columns of numbers; up to twelve decimals."""
COUNTS = frozenset({"x_InputTokens", "x_OutputTokens", "x_RequestCount", "x_UnpricedAttempts"})
"""Columns of whole numbers."""
MOMENTS = frozenset({"BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"})


def columns(version: Version) -> tuple[str, ...]:
    """All columns of a version in their order: FOCUS's by name, ours behind them."""
    return (*sorted((*_BOTH, *_ONLY[version])), *OURS)
