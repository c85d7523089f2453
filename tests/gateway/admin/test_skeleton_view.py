"""The shape of a request over HTTP: tokens stand beside bytes, and the gap beside the moment."""

from support.admin import admin, chat


def test_each_message_has_its_part_of_the_tokens(gateway):
    call = chat(gateway, {"messages": [{"role": "system", "content": "a" * 60}, {"role": "user", "content": "b" * 60}]})
    shown = admin(gateway, "GET", f"/calls/{call.headers['x-farthing-call-id']}")
    parts = [message["tokens"] for message in shown["skeleton"]["messages"]]
    assert abs(parts[0] - parts[1]) <= 1
    assert 0 < sum(parts) <= call.json()["usage"]["prompt_tokens"]


def test_a_refused_call_has_no_tokens(gateway):
    admin(gateway, "PUT", "/budgets/none", {"limits": {"calls": "0"}})
    call = chat(gateway)
    shown = admin(gateway, "GET", f"/calls/{call.headers['x-farthing-call-id']}")
    assert [message["tokens"] for message in shown["skeleton"]["messages"]] == [None]


def test_the_gap_is_to_the_call_before_in_the_same_run(gateway):
    first, other, second = (chat(gateway, x_farthing_labels=f"run={run}") for run in ("r1", "r2", "r1"))
    gaps = [
        admin(gateway, "GET", f"/calls/{call.headers['x-farthing-call-id']}")["gap_ms"]
        for call in (first, other, second)
    ]
    assert gaps[:2] == [None, None]
    assert gaps[2] >= 0
