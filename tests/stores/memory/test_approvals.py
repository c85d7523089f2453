"""Approvals in memory beside their contract suite: a ledger over the same directory spends what was granted."""

import asyncio

from farthing.call.funding import fund
from farthing.call.states import Funded, NeedsFunds, Refused
from support.asking import AskingDesk
from support.client import ListeningClient
from support.desk import chat, dollars
from support.funded import planned


def test_what_is_granted_can_be_spent_at_once_by_the_call_that_asked():
    at = AskingDesk(budgets=(dollars("0.0000001", hard="approve"),))

    def ask():
        return asyncio.run(fund(NeedsFunds(planned(at, chat(max_tokens=50))), at, ListeningClient()))

    assert isinstance(ask(), Refused)
    (asked,) = at.requests()
    at.store.grant(asked.id, by="ann", now_ms=at.time_ms)
    state = ask()
    assert isinstance(state, Funded)
    assert (state.holding.reserved.cap, state.holding.reserved.clamped) == (50, False)
    assert [(each.by, each.action) for each in at.directory.audit] == [("ann", "grant"), ("ann", "approval.grant")]
