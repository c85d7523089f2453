"""Conversations that Anthropic's side keeps: read again as if they were brought, and never guessed."""

import pytest

from farthing.testing.errors import Rejected
from farthing.testing.threads import Threads

TOOLS = [{"name": "look", "input_schema": {}}]
FIRST = {
    "thread": {"type": "create"},
    "system": "be brief",
    "tools": TOOLS,
    "messages": [{"role": "user", "content": "a"}],
}
NEXT = {"role": "user", "content": "b"}
SAID = [{"type": "text", "text": "yes"}]


def continued(previous, **more):
    return {"thread": {"type": "continue", "previous_message_id": previous}, "messages": [NEXT], **more}


@pytest.fixture
def threads():
    kept = Threads()
    kept.keep("msg_1", kept.whole(FIRST), SAID)
    return kept


def test_what_continues_has_all_that_came_before_and_what_it_was_created_with(threads):
    whole = threads.whole(continued("msg_1"))
    assert whole["messages"] == [*FIRST["messages"], {"role": "assistant", "content": SAID}, NEXT]
    assert (whole["system"], whole["tools"]) == ("be brief", TOOLS)
    threads.keep("msg_2", whole, SAID)
    assert len(threads.whole(continued("msg_2"))["messages"]) == 5


def test_without_a_thread_nothing_is_added(threads):
    body = {"messages": [NEXT]}
    assert threads.whole(body) is body


def test_a_thread_that_nobody_keeps_is_told_so_that_its_client_begins_another(threads):
    threads.clear()
    with pytest.raises(Rejected) as caught:
        threads.whole(continued("msg_1"))
    assert (caught.value.status, caught.value.code) == (404, "thread_not_found")


@pytest.mark.parametrize("name", ["system", "tools"])
def test_what_it_was_created_with_cannot_be_given_again(threads, name):
    with pytest.raises(Rejected, match=name):
        threads.whole(continued("msg_1", **{name: []}))


@pytest.mark.parametrize("thread", ["x", {}, {"type": "continue"}, {"type": "continue", "previous_message_id": 1}])
def test_anything_else_is_no_thread(threads, thread):
    with pytest.raises(Rejected, match="thread"):
        threads.whole({"thread": thread, "messages": [NEXT]})
