"""The shapes of exports that are understood: OpenAI's and Anthropic's usage and costs, as their APIs answer and as their
consoles save them, and a plain table of anybody's.

Columns: OpenAI's API reference (`organization/usage/completions`, `/embeddings`, `organization/costs`) and its dashboard's
CSV; Anthropic's Admin API (`usage_report/messages`, `cost_report`) and its console's CSV. Nested fields are joined by dots.
"""

from collections.abc import Callable
from typing import NamedTuple

from farthing.billing.claim import Claim, model_of
from farthing.billing.export_record import Record

OPENAI, ANTHROPIC = "openai", "anthropic"


class Shape(NamedTuple):
    """One kind of file."""

    name: str
    provider: str
    """"" for anybody."""
    needs: frozenset[str]
    """Columns that it cannot be without: they tell it from the others."""
    knows: frozenset[str]
    """All columns it may have. Any other is refused: it might be money."""
    read: Callable[[Record], Claim]
    when: tuple[str, ...]
    """Columns that say when, the best first."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _openai_usage(record: Record) -> Claim:
    return Claim(
        model=model_of(record.text("model")),
        requests=record.count("num_model_requests"),
        input_tokens=record.count("input_tokens"),
        cache_read_input_tokens=record.count("input_cached_tokens"),
        cache_write_input_tokens=record.count("input_cache_write_tokens"),
        output_tokens=record.count("output_tokens"),
    )


def _openai_cost(record: Record) -> Claim:
    """A line item is like `gpt-4o-mini-2024-07-18, cached input`."""
    for name in ("amount.currency", "amount_currency"):
        if record.text(name).lower() not in ("", "usd"):
            raise record.wrong(name, "is not usd")
    picos = record.picos("amount.value")
    item = record.text("line_item").rpartition(", ")[0] or record.text("line_item")
    return Claim(model=model_of(item), picos=record.picos("amount_value") if picos is None else picos)


def _anthropic_usage(record: Record) -> Claim:
    read = record.count("cache_read_input_tokens") or 0
    five, hour = (record.count(f"cache_creation.ephemeral_{span}_input_tokens") or 0 for span in ("5m", "1h"))
    return Claim(
        model=model_of(record.text("model")),
        input_tokens=(record.count("uncached_input_tokens") or 0) + read + five + hour,
        cache_read_input_tokens=read,
        cache_write_input_tokens=five + hour,
        output_tokens=record.count("output_tokens"),
        web_searches=record.count("server_tool_use.web_search_requests"),
    )


def _anthropic_cost(record: Record) -> Claim:
    """Amounts are in cents."""
    if record.text("currency").upper() not in ("", "USD"):
        raise record.wrong("currency", "is not USD")
    return Claim(model=model_of(record.text("model")), picos=record.picos("amount", cents=True))


def _anthropic_console_usage(record: Record) -> Claim:
    read = record.count("usage_input_tokens_cache_read") or 0
    five, hour = (record.count(f"usage_input_tokens_cache_write_{span}") or 0 for span in ("5m", "1h"))
    return Claim(
        model=model_of(record.text("model_version")),
        input_tokens=(record.count("usage_input_tokens_no_cache") or 0) + read + five + hour,
        cache_read_input_tokens=read,
        cache_write_input_tokens=five + hour,
        output_tokens=record.count("usage_output_tokens"),
        web_searches=record.count("web_search_count"),
    )


def _anthropic_console_cost(record: Record) -> Claim:
    return Claim(model=model_of(record.text("model")), picos=record.picos("cost_usd"))


def _plain(record: Record) -> Claim:
    return Claim(
        model=model_of(record.text("model")),
        requests=record.count("requests"),
        input_tokens=record.count("input_tokens"),
        cache_read_input_tokens=record.count("cache_read_input_tokens"),
        cache_write_input_tokens=record.count("cache_write_input_tokens"),
        output_tokens=record.count("output_tokens"),
        web_searches=record.count("web_searches"),
        picos=record.picos("cost_usd"),
    )


_OPENAI_TIMES = _names("start_time end_time start_time_iso end_time_iso")
_OPENAI_WHOSE = _names(
    "object project_id project_name user_id user_email user_name api_key_id api_key_name api_source organization_id "
    "organization_name model batch service_tier"
)
_OPENAI_PARTS = _names(
    "input_uncached_tokens input_text_tokens input_image_tokens input_audio_tokens input_cached_text_tokens "
    "input_cached_audio_tokens input_cached_image_tokens input_cache_write_30m_tokens input_cache_write_12h_tokens "
    "output_text_tokens output_audio_tokens output_image_tokens"
)
_CONSOLE_WHOSE = _names(
    "usage_date_utc workspace api_key usage_type context_window inference_geo speed api_key_id api_key_status"
)
_OPENAI_QUANTITIES = _names(
    "input_tokens output_tokens num_model_requests input_cached_tokens input_cache_write_tokens"
)
PLAIN_COLUMNS = _names(
    "day model requests input_tokens cache_read_input_tokens cache_write_input_tokens output_tokens web_searches cost_usd"
)

SHAPES = (
    Shape(
        "OpenAI usage report",
        OPENAI,
        _names("input_tokens num_model_requests"),
        _OPENAI_TIMES | _OPENAI_WHOSE | _OPENAI_PARTS | _OPENAI_QUANTITIES,
        _openai_usage,
        ("start_time", "start_time_iso"),
    ),
    Shape(
        "OpenAI cost report",
        OPENAI,
        _names("amount.value"),
        _OPENAI_TIMES | _OPENAI_WHOSE | _names("amount.value amount.currency line_item quantity quantity_unit"),
        _openai_cost,
        ("start_time", "start_time_iso"),
    ),
    Shape(
        "OpenAI cost export",
        OPENAI,
        _names("amount_value"),
        _OPENAI_TIMES | _OPENAI_WHOSE | _names("amount_value amount_currency line_item quantity quantity_unit"),
        _openai_cost,
        ("start_time", "start_time_iso"),
    ),
    Shape(
        "Anthropic usage report",
        ANTHROPIC,
        _names("uncached_input_tokens output_tokens"),
        _names(
            "starting_at ending_at uncached_input_tokens cache_read_input_tokens output_tokens model service_tier "
            "cache_creation.ephemeral_1h_input_tokens cache_creation.ephemeral_5m_input_tokens context_window speed "
            "server_tool_use.web_search_requests api_key_id workspace_id inference_geo account_id service_account_id"
        ),
        _anthropic_usage,
        ("starting_at",),
    ),
    Shape(
        "Anthropic cost report",
        ANTHROPIC,
        _names("amount currency"),
        _names(
            "starting_at ending_at amount currency cost_type token_type model service_tier context_window description "
            "workspace_id inference_geo speed"
        ),
        _anthropic_cost,
        ("starting_at",),
    ),
    Shape(
        "Anthropic console usage export",
        ANTHROPIC,
        _names("usage_date_utc usage_input_tokens_no_cache"),
        _CONSOLE_WHOSE
        | _names(
            "model_version usage_input_tokens_no_cache usage_input_tokens_cache_write_5m usage_output_tokens "
            "usage_input_tokens_cache_write_1h usage_input_tokens_cache_read web_search_count"
        ),
        _anthropic_console_usage,
        ("usage_date_utc",),
    ),
    Shape(
        "Anthropic console cost export",
        ANTHROPIC,
        _names("usage_date_utc cost_usd"),
        _CONSOLE_WHOSE | _names("model token_type cost_usd list_price_usd cost_type"),
        _anthropic_console_cost,
        ("usage_date_utc",),
    ),
    Shape("plain table", "", _names("model"), PLAIN_COLUMNS, _plain, ("day",)),
)
