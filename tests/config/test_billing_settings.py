"""`[billing]` as it is read."""

import pytest

from farthing.config.billing_settings import Billing, SharedCosts
from farthing.config.problems import BadConfigs
from farthing.domain.budget import Unit
from support.configs import load_text

WHOLE = """
[billing]
account = "acme-llm"
account_name = "Acme, language models"
issuer = "Platform"
team = "department"
labels = ["agent", "key"]
shared = { by = "weights", match = { agent = "judge*" }, weights = { support = 3, search = 1 } }
currency = "EUR"
[currencies.EUR]
rates = { "2026-11-01" = 1.08 }
"""


def test_everything_has_a_default(tmp_path):
    assert load_text(tmp_path, "").billing == Billing()


def test_every_setting_is_read(tmp_path):
    assert load_text(tmp_path, WHOLE).billing == Billing(
        account="acme-llm",
        account_name="Acme, language models",
        issuer="Platform",
        team="department",
        labels=("agent", "key"),
        shared=SharedCosts(by="weights", match=(("agent", "judge*"),), weights={"support": 3, "search": 1}),
        currency=Unit("eur"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[billing]\nshared = { by = "guess" }', "write one of none, direct, equal, weights"),
        ('[billing]\nteam = "Team A"', "not the name of a label"),
        ('[billing]\ncurrency = "euros"', "not the code of a currency"),
        ('[billing]\nowner = "me"', "is not a setting"),
    ],
)
def test_mistakes_say_what_to_write(tmp_path, text, words):
    with pytest.raises(BadConfigs, match=words):
        load_text(tmp_path, text)
