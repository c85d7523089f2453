"""`[billing]` as it is understood."""

import pytest

from farthing.billing.month import span_of
from farthing.config.billing import billing_lines, billing_problems, books_of, list_prices, terms_of
from farthing.domain.budget import Unit
from farthing.ports.billing import BillTerms, Sharing
from support.billing_world import billing_world
from support.configs import load_text

EUR = '[currencies.EUR]\nrates = { "2026-11-01" = 1.08 }\n'


def problems(tmp_path, text):
    from farthing.config.problems import BadConfigs

    try:
        settings = load_text(tmp_path, text)
    except BadConfigs as error:
        return str(error)
    assert list(billing_problems(settings)) == []
    return ""


def test_terms_are_what_the_configuration_says(tmp_path):
    settings = load_text(tmp_path, EUR + '[billing]\nlabels = ["user"]\ncurrency = "EUR"\nshared = { by = "equal" }')
    assert terms_of(settings) == BillTerms(labels=("user",), currency=Unit("eur"), sharing=Sharing(by="equal"))
    assert terms_of(load_text(tmp_path, "")) == BillTerms()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[billing]\nlabels = ["model"]', "every line has its own already"),
        ('[billing]\nteam = "day"', "every line has its own already"),
        ('[billing]\nlabels = ["a","b","c","d","e","f","g","h"]', "at most 8 labels"),
        ('[billing]\nshared = { by = "weights" }', "must name teams"),
        ('[billing]\nshared = { by = "weights", weights = { a = 0 } }', "must name teams"),
        ('[billing]\nshared = { by = "weights", weights = { a = 2, b = -1 } }', "whole numbers from 0"),
        ('[billing]\nshared = { by = "equal", weights = { a = 1 } }', "mean nothing"),
        ('[billing]\ncurrency = "EUR"', "no rates for EUR"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, words):
    assert words in problems(tmp_path, text)


def test_keys_and_routes_may_cut_a_bill(tmp_path):
    assert problems(tmp_path, EUR + '[billing]\nlabels = ["key", "route"]\ncurrency = "EUR"') == ""


def test_it_is_said_back_in_words(tmp_path):
    plain = " / ".join(billing_lines(load_text(tmp_path, "")))
    assert plain == (
        "Farthing bills each team by agent, workflow, model, meter, monthly (UTC), in USD / "
        "calls without a team stand by themselves"
    )
    divided = load_text(
        tmp_path, '[billing]\nshared = { by = "weights", match = { agent = "judge" }, weights = { a = 2 } }'
    )
    assert "calls without a team, and with agent=judge, are divided a 2" in list(billing_lines(divided))


def test_list_prices_know_the_contract_prices_of_the_file(tmp_path):
    text = '[providers.ours]\nformat = "openai"\nbase_url = "https://x.example/v1"\n[[prices]]\nmodel = "gpt-4o"\ninput = 1\noutput = 2\n'
    assert (
        list_prices(load_text(tmp_path, text)).each("ours", "gpt-4o", "", "input", 1_000_000, span_of("2026-10")[0])
        == 2_500_000
    )


def test_books_of_a_store_are_cut_as_configured(tmp_path):
    settings = load_text(tmp_path, '[billing]\nteam = "user"\nlabels = []')
    with billing_world() as world:
        world.open(1_791_000_000_000, user="ann", team="support")
        bill = books_of(settings, world.history, world.periods).bill("2026-10")
        assert (bill.terms.names, bill.open_attempts) == (("user",), 1)
