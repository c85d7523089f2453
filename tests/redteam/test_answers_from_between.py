"""A proxy between us and the model that gives up is no proof that the model did not work."""

import pytest

from farthing.testing import Fault
from support.admin import chat
from support.gateway import gateway_and_provider

ALL = '[[budgets]]\nname = "all"\nlimit = "1 USD"\n'
BODY = {"model": "gpt-4o-mini", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("status", [408, 499])
def test_a_timeout_on_the_way_keeps_the_money_of_an_answer_that_was_billed(tmp_path, status):
    faults = [Fault(kind="error", status=status, billed=True)]
    with gateway_and_provider(tmp_path, ALL, faults=faults) as (gateway, provider):
        answer = chat(gateway, BODY)
        assert answer.status_code == status
        assert "x-farthing-cost-usd" not in answer.headers, "nobody knows"
        assert provider.bill.nanos > 0
        assert gateway.posted("all") + gateway.open("all") >= provider.bill.nanos


@pytest.mark.parametrize("status", [400, 404, 413, 429, 529])
def test_a_refusal_of_the_providers_own_gives_the_money_back(tmp_path, status):
    with gateway_and_provider(tmp_path, ALL, faults=[Fault(kind="error", status=status)]) as (gateway, provider):
        assert chat(gateway, BODY).status_code == status
        assert gateway.posted("all") + gateway.open("all") == provider.bill.nanos == 0
