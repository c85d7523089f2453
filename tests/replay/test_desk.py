"""The desk of a replay: facts come from the record, nobody is asked, and time is made up."""

from farthing.call.stages import ContextOf, ExactCount
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.model import ModelFacts
from farthing.ports.approvals import PENDING, Petition
from farthing.replay.clockwork import run_from
from farthing.replay.desk import Caller, Nobody
from farthing.replay.draft import RecordedDraft
from support.past_calls import BEGIN_MS, a_call, a_world

PETITION = Petition(accounts=((AccountKey("all", "", Unit.USD, "lifetime"), 0),), budget="all")


def test_nobody_answers_however_long_one_waits():
    async def ask(loop):
        people = Nobody(loop)
        asked = await people.ask(PETITION)
        heard = await people.hear(asked, None, 3_600.0, Caller())
        return heard.approval.state, loop.now_ms() - BEGIN_MS, people.passed(PETITION.account, 800_000)

    assert run_from(BEGIN_MS, ask) == (PENDING, 3_600_000, False)


def test_counts_are_those_of_the_record():
    async def ask(loop):
        desk = a_world().open(loop).desk
        exact = await desk.answer(ExactCount(RecordedDraft(a_call(usage=(987, 1))), ModelFacts(name="gpt-4o")))
        return exact, await desk.answer(ContextOf("key", "resp_1"))

    assert run_from(BEGIN_MS, ask) == (987 - 20, None)


def test_only_a_rate_tells_when_to_come_back():
    async def answers(loop):
        client = Caller()
        await client.whole(429, [(b"retry-after", b"7")], b"")
        first = client.retry_after_seconds
        await client.whole(402, [(b"retry-after", b"7")], b"")
        return first, client.retry_after_seconds

    assert run_from(BEGIN_MS, answers) == (7, None)
