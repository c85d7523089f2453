"""Usage that came to light later becomes a settlement: priced by the attempt's own model, free where nothing was used."""

import msgspec
import pytest

from farthing.config.settling import card_of, settlement_of, settlement_of_background
from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord
from farthing.wire.dialect import Answered
from support.engines import with_engine

CARD = PriceCard("openai", "m", {"": (Tier(0, False, Rates(input=1_000, output=4_001)),)}, "book")
OPENING = AttemptOpening(
    id=17,
    call_id=16,
    ordinal=1,
    provider="openai",
    model="gpt-4o-mini",
    book="book",
    bound="bytes",
    input_bound=9,
    opened_ms=1,
)
BEFORE = AttemptRecord(
    opening=OPENING,
    state="settled",
    cap=20,
    served_model="m-1",
    response_id="r",
    finish="stop",
    flags=("estimated", "drained"),
)
USED = Usage(input_tokens=10, output_tokens=1)


def test_an_operators_word_keeps_what_the_record_says_beside_money():
    made = settlement_of(17, USED, CARD, tier="", now_ms=5, of=BEFORE)
    assert (made.spent.picos, made.cost_nanos, made.remainder_picos) == (14_001, 15, 999)
    assert (made.source, made.served_model, made.response_id, made.finish) == ("operator", "m-1", "r", "stop")
    assert made.flags == ("drained",)
    assert made.settled_ms == 5


@pytest.mark.parametrize("card", [CARD, Unpriced("nobody knows")], ids=["priced", "unpriced"])
def test_nothing_used_is_free_whatever_the_price(card):
    assert settlement_of(17, Usage(), card, tier="", now_ms=5, of=BEFORE).cost_nanos == 0


def test_a_price_nobody_knows_is_never_zero():
    assert settlement_of(17, USED, Unpriced("nobody knows"), tier="", now_ms=5, of=BEFORE).cost_nanos is None


def test_a_background_answer_is_the_providers_word_and_may_be_pointed_to():
    answered = Answered(usage=USED, model="m-1", id="resp_1", finish="completed")
    made = settlement_of_background(17, answered, CARD, tenant="key", now_ms=5)
    assert (made.source, made.cost_nanos, made.flags, made.remember_for) == ("provider", 15, ("background",), "key")
    with pytest.raises(AssertionError):
        settlement_of_background(17, msgspec.structs.replace(answered, usage=None), CARD, tenant="key", now_ms=5)


def test_a_background_answer_whose_price_nobody_knows_is_not_settled():
    answered = Answered(usage=USED, model="m-1", id="resp_1", finish="completed")
    assert settlement_of_background(17, answered, Unpriced("nobody knows"), tenant="key", now_ms=5) is None


def test_the_card_is_that_of_the_attempts_own_model_and_provider(tmp_path):
    async def act(engine):
        card = card_of(engine, OPENING)
        assert isinstance(card, PriceCard)
        assert card.model == "gpt-4o-mini"
        assert isinstance(card_of(engine, msgspec.structs.replace(OPENING, model="gpt-unpriced-99")), Unpriced)

    with_engine(tmp_path, act)
