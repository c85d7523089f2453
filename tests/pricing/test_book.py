"""Finding a price: by the book's rules, at a moment, from the right seller, and never by likeness."""

import msgspec
import pytest

from farthing.domain.price import PriceCard, Unpriced
from farthing.pricing.book import REMEMBERED, PriceBook
from support.prices import NOW, bits, book, card

HOUR = 3_600_000


@pytest.mark.parametrize(
    "name",
    ["gpt-99", "claude-opus-6", "gpt-4o-", "gpt", "claude", "gemini-9-pro", "o9-mini", "", "*", "gpt-4o\n", "GPT 4o"],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "my-own", ""])
def test_an_unknown_name_is_unpriced_and_never_priced_by_likeness(name, provider):
    found = book().find(name, provider, at_ms=NOW)
    assert isinstance(found, Unpriced)
    assert repr(name) in found.reason


def test_names_are_found_with_dates_and_without_regard_to_case():
    assert card("gpt-4o-2024-08-06", "openai").model == "gpt-4o"
    assert card("GPT-4o-mini", "openai").model == "gpt-4o-mini"
    assert card("claude-sonnet-4-5-20250929", "anthropic").model == "claude-sonnet-4-5"
    assert card("gpt-5.2-20251211", "openai").model == "gpt-5.2"


def test_a_snapshot_with_its_own_price_has_its_own_entry():
    assert bits(card("gpt-4o-2024-05-13", "openai")).input == 5_000_000
    assert bits(card("gpt-4o-2024-08-06", "openai")).input == 2_500_000


def test_a_fine_tuned_model_is_priced_where_the_book_knows_its_base():
    assert bits(card("ft:gpt-4o-2024-08-06:org::id")).input == 3_750_000
    assert isinstance(book().find("ft:gpt-99:org::id", at_ms=NOW), Unpriced)


def test_the_users_name_of_a_provider_is_a_hint_and_its_format_another():
    assert card("gpt-4o", "openai").provider == "openai"
    by_format = book().find("claude-opus-4-6", "our-gateway", "anthropic", at_ms=NOW)
    assert isinstance(by_format, PriceCard)
    assert by_format.provider == "anthropic"
    assert card("claude-opus-4-6", "something-else").provider == "anthropic"


def test_a_seller_is_never_priced_like_another_seller():
    assert isinstance(book().find("gpt-4o-mini", "together", "openai", at_ms=NOW), Unpriced)
    assert card("gpt-4o", "azure").provider == "openai"  # azure sells OpenAI's models at OpenAI's prices


def test_a_price_changes_at_its_date_to_the_millisecond():
    model = next(m for p in book().providers if p.id == "anthropic" for m in p.models if len(m.periods) > 1)
    turn = model.periods[1].since
    fresh = PriceBook(book().providers, "book")
    before, after = (fresh.find(model.id, "anthropic", at_ms=at) for at in (turn - 1, turn))
    assert before != after
    assert fresh.find(model.id, "anthropic", at_ms=turn - 1) == before  # going back in time is allowed


def test_a_price_by_time_of_day_turns_with_the_hour():
    daily = [(p.id, m) for p in book().providers for m in p.models if m.periods[-1].daily]
    assert daily
    for seller, model in daily:
        since = model.periods[-1].daily[0].since
        day = 1_830_297_600_000
        before, after = (book().find(model.id, seller, at_ms=day + since + late) for late in (-1, 0))
        assert before != after
        assert after == book().find(model.id, seller, at_ms=day + 86_400_000 + since)


def test_what_is_remembered_does_not_grow_with_the_names_callers_invent():
    fresh = PriceBook(book().providers[:1], "book")
    for number in range(REMEMBERED + 10):
        fresh.find(f"claude-{number}-x", at_ms=NOW)
    assert len(fresh._cards) <= REMEMBERED


def test_the_same_question_gets_the_same_card():
    assert book().find("gpt-4o", "openai", at_ms=NOW) is book().find("gpt-4o", "openai", at_ms=NOW + 1)


def test_every_card_names_the_book_it_is_from():
    assert len(book().hash) == 16
    assert card("gpt-4o").book == book().hash


def test_a_contract_price_wins_over_the_book_and_changes_its_hash():
    ours = book().overlay([{"model": "gpt-4o", "input": 2, "output": 8}])
    found = ours.find("gpt-4o", "openai", at_ms=NOW)
    assert isinstance(found, PriceCard)
    assert bits(found).input == 2_000_000
    assert found.book == ours.hash != book().hash
    assert ours.find("gpt-4o-mini", "openai", at_ms=NOW) != found
    assert ours.hash == book().overlay([{"model": "gpt-4o", "input": "2.0", "output": 8.0}]).hash
    assert ours.hash != book().overlay([{"model": "gpt-4o", "input": 2, "output": 9}]).hash


def test_the_most_exact_contract_wins():
    ours = book().overlay(
        [
            {"model": "gpt-*", "input": 1, "output": 1},
            {"model": "gpt-4o*", "input": 2, "output": 1},
            {"model": "gpt-4o", "input": 3, "output": 1},
            {"model": "gpt-4o", "provider": "cheap", "input": 4, "output": 1},
        ]
    )

    def price(model: str, provider: str) -> int:
        found = ours.find(model, provider, "openai", at_ms=NOW)
        assert isinstance(found, PriceCard)
        return bits(found).input // 1_000_000

    assert [price("gpt-99", "openai"), price("gpt-4o-mini", "x"), price("gpt-4o", "x"), price("gpt-4o", "cheap")] == [
        1,
        2,
        3,
        4,
    ]


def test_no_entries_lay_nothing_over_the_book():
    assert book().overlay([]) is book()


def test_a_book_of_another_format_is_refused():
    raw = msgspec.json.encode({"format": 99, "source": "x", "hash": "0" * 64, "providers": []})
    with pytest.raises(ValueError, match="format 99"):
        PriceBook.load(raw)
