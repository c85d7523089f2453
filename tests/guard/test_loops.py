"""Loops are caught at the third repetition, and what is honest is let go."""

import json

import pytest

from farthing.guard.loops import LONGEST_CYCLE, MOST_PARALLEL, MOST_USES, POLL_PATIENCE, Finding, LoopRules, find
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from support.agent_runs import Done, did, used

RULES = LoopRules()
READ: Done = ("read_file", '{"path":"a"}', "one")
LIST: Done = ("list_files", "{}", "a b c")
SEARCH: Done = ("search", '{"q":"x"}', "nothing")
EDIT: Done = ("edit_file", '{"path":"a","text":"x"}', "ok")
TESTS: Done = ("bash", '{"command":"make test"}', "1 failed")


def steps_until_caught(*steps: Done | list[Done], rules: LoopRules = RULES) -> int | None:
    """The step after which the next request is stopped, looking at every request as a gateway does."""
    for taken in range(1, len(steps) + 1):
        if find(did(*steps[:taken]), rules):
            return taken
    return None


def act(n: int) -> Done:
    return ("edit_file", f'{{"text":"{n}"}}', "ok")


def news(n: int) -> Done:
    return ("read_file", f'{{"path":"p{n}"}}', f"text {n}")


# Loops


def test_the_same_call_with_the_same_result_is_a_loop_the_third_time():
    assert steps_until_caught(*[READ] * 5) == 3


def test_same_call_says_how_often_is_too_often():
    assert steps_until_caught(*[READ] * 9, rules=LoopRules(same_call=5)) == 5
    assert steps_until_caught(*[READ] * 9, rules=LoopRules(same_call=1)) == 2
    assert steps_until_caught(*[READ] * 9, rules=LoopRules(same_call=0)) is None


def test_other_calls_between_do_not_hide_a_loop():
    assert steps_until_caught(READ, news(1), READ, news(2), news(3), READ) == 6


def test_thoughts_between_do_not_hide_a_loop():
    thoughts = [("think", f'{{"thought":"{n}"}}', "") for n in range(9)]
    assert steps_until_caught(READ, *thoughts[:6], READ, *thoughts[6:], READ) == 12


def test_acts_that_fail_between_do_not_hide_a_loop():
    fails = [("edit_file", f'{{"text":"{n}"}}', f"Error: no line {n}") for n in range(2)]
    assert steps_until_caught(READ, fails[0], READ, fails[1], READ) == 5


@pytest.mark.parametrize(
    "pair", [(READ, LIST), (EDIT, READ), (EDIT, TESTS), (READ, ("read_file", "{}", "Error: which?"))]
)
def test_an_oscillation_is_caught_in_its_third_round(pair: tuple[Done, Done]):
    caught = steps_until_caught(*pair * 4)
    assert caught in (5, 6)


@pytest.mark.parametrize("length", range(2, LONGEST_CYCLE + 3))
@pytest.mark.parametrize("make", [news, act])
def test_a_cycle_of_any_length_is_caught_in_its_third_round(length: int, make):
    caught = steps_until_caught(*[make(n) for n in range(length)] * 3)
    assert caught is not None
    assert 2 * length < caught <= 3 * length


def test_a_tool_that_fails_with_the_same_error_whatever_the_arguments_is_a_loop():
    wrong = [("book", f'{{"seat":{n}}}', "Error: no such flight") for n in range(5)]
    assert steps_until_caught(*wrong) == 3
    assert steps_until_caught(wrong[0], news(1), wrong[1], SEARCH, wrong[2]) == 5


def test_a_call_that_fails_again_and_again_is_a_loop_whatever_it_says():
    assert steps_until_caught(*[("book", "{}", f"Error: timeout, request {n}") for n in range(5)]) == 3


def test_parallel_calls_that_come_again_together_are_a_loop():
    assert steps_until_caught(*[[READ, LIST]] * 4) == 3
    assert steps_until_caught([READ, news(1)], [READ, news(2)], [news(3), READ]) == 3


def test_a_loop_is_found_late_in_a_long_run():
    assert steps_until_caught(*[act(n) for n in range(2 * MOST_USES)], *[READ, LIST] * 3) == 2 * MOST_USES + 5


def test_a_step_with_very_many_calls_is_judged_by_its_last():
    many = [news(n) for n in range(MOST_PARALLEL + 50)]
    assert steps_until_caught(*[many] * 3) == 3


def test_uses_that_know_no_turn_are_steps_of_their_own():
    assert find([used("read_file", "{}", "one", turn=0)] * 3, RULES)


def test_a_loop_that_was_run_through_exempt_tools_is_still_one():
    rules = LoopRules(poll=("get_status",))
    status = [("get_status", "{}", f"{n} %") for n in range(9)]
    assert steps_until_caught(READ, *status[:5], READ, *status[5:], READ, rules=rules) == 12


# What a finding says


def test_a_finding_says_which_tool_how_often_and_since_which_call():
    finding = find(did(LIST, LIST, READ, SEARCH, READ, READ), RULES)
    assert finding == Finding(kind="same_call", tool="read_file", times=3, since=3, id="call_3")
    assert str(finding) == (
        "The same call of read_file gave the same result 3 times, since call 3 of the conversation (call_3)."
    )


def test_a_cycle_is_named_with_its_tools_and_its_beginning():
    finding = find(did(act(1), EDIT, TESTS, EDIT, TESTS, EDIT, TESTS), RULES)
    assert finding is not None
    assert (finding.kind, finding.tools, finding.times) == ("oscillation", ("edit_file", "bash"), 3)
    assert (finding.since, finding.id) == (2, "call_2")
    assert str(finding).startswith("The calls of edit_file, bash came 3 times with the same results")
    longer = find(did(*[act(1), act(2), TESTS] * 3), RULES)
    assert longer is not None
    assert (longer.kind, longer.tools) == ("cycle", ("edit_file", "edit_file", "bash"))


def test_two_calls_in_parallel_are_no_oscillation():
    finding = find(did(*[[READ, LIST]] * 3), RULES)
    assert finding is not None
    assert finding.kind == "same_call"


def test_errors_are_named_apart():
    same = find(did(*[("book", f'{{"n":{n}}}', "Error: full") for n in range(3)]), RULES)
    failing = find(did(*[("book", "{}", f"Error: {n}") for n in range(3)]), RULES)
    again = find(did(*[("book", "{}", "Error: full")] * 3), RULES)
    assert [found.kind for found in (same, failing, again) if found] == ["same_error", "failing_call", "same_error"]
    assert str(same).startswith("book failed 3 times with the same error")
    assert str(failing).startswith("The same call of book failed 3 times")


def test_places_count_in_the_whole_history():
    finding = find(did(*[act(n) for n in range(MOST_USES)], *[READ] * 3), RULES)
    assert finding is not None
    assert finding.since == MOST_USES + 1


# Honest agents


def test_a_result_that_changes_is_no_loop():
    assert steps_until_caught(*[("get_build", "{}", f"{n} %") for n in range(30)]) is None


def test_a_state_that_has_moved_once_is_a_poll_and_may_stay_for_long():
    states = ["pending"] * 2 + ["running"] * (RULES.same_call * POLL_PATIENCE - 1) + ["done"]
    assert steps_until_caught(*[("get_build", "{}", state) for state in states]) is None


def test_an_error_that_went_away_makes_no_poll():
    assert steps_until_caught(("book", "{}", "Error: full"), *[("book", "{}", "booked")] * 3) == 4


def test_a_tool_named_for_it_is_a_poll_but_not_for_ever():
    assert steps_until_caught(*[("getJobStatus", "{}", "running")] * 50) == RULES.same_call * POLL_PATIENCE


def test_an_agent_that_waits_between_polls():
    slept = [[("get_build", "{}", "pending"), ("sleep", f'{{"s":{2**n}}}', "ok")] for n in range(8)]
    assert steps_until_caught(*[part for step in slept for part in step], ("get_build", "{}", "done")) is None


def test_exempt_tools_may_repeat_for_ever():
    for poll in ("get_build", "get_*", "*"):
        assert steps_until_caught(*[("get_build", "{}", "pending")] * 50, rules=LoopRules(poll=(poll,))) is None
    assert steps_until_caught(*[READ] * 3, rules=LoopRules(poll=("read", "*_file"))) == 3


def test_an_error_and_then_success_is_a_retry():
    fails, works = ("fetch", "{}", "Error: timeout"), ("fetch", "{}", "page")
    assert steps_until_caught(*[fails, fails, works] * 2) is None


def test_a_tool_that_works_in_between_is_not_failing():
    fails, works = ("fetch", '{"url":"a"}', "Error: not found"), ("fetch", '{"url":"b"}', "page")
    assert (
        steps_until_caught(fails, works, fails, ("fetch", '{"url":"c"}', "page c"), ("fetch", "{}", fails[2])) is None
    )


def test_reading_again_after_a_write_is_progress():
    assert steps_until_caught(*[part for n in range(8) for part in (READ, act(n))]) is None


def test_the_same_tests_may_fail_after_each_edit():
    assert steps_until_caught(*[part for n in range(8) for part in (act(n), TESTS)]) is None
    fails: Done = (*TESTS[:2], "Error: 1 failed")
    assert steps_until_caught(*[part for n in range(8) for part in (act(n), fails)]) is None


def test_coming_back_between_new_answers_is_progress():
    assert steps_until_caught(*[part for n in range(8) for part in (LIST, *map(news, range(4 * n, 4 * n + 4)))]) is None


def test_the_same_calls_side_by_side_are_one():
    assert steps_until_caught([READ] * 6, [READ] * 6) is None
    assert steps_until_caught([("read_file", f'{{"path":"{n}"}}', "Error: not found") for n in range(6)]) is None


def test_what_the_user_asks_again_is_no_loop():
    asked = [used("read_file", "{}", "one", turn=n, words=n) for n in range(1, 9)]
    assert find(asked, RULES) is None
    failed = [used("book", "{}", "Error: full", turn=n, words=n) for n in range(1, 9)]
    assert find(failed, RULES) is None


def test_an_act_is_new_again_after_new_words():
    acts = [act(n) for n in range(4)]
    earlier = did(*acts)
    later = did(*[part for each in acts for part in (READ, each)], READ, words=2)
    assert find((*earlier, *later), RULES) is None
    assert find(did(*acts, *[part for each in acts for part in (READ, each)], READ), RULES)


def test_new_words_after_a_loop_end_it():
    lost = did(*[READ] * 3)
    assert find(lost, RULES, turns=3, words=1)
    assert find(lost, RULES, turns=3, words=2) is None


def test_an_answer_without_a_call_ends_a_loop():
    assert find(did(*[READ] * 3), RULES, turns=4, words=1) is None


def test_an_agent_that_turns_to_something_else_is_out_of_its_loop():
    assert find(did(*[READ] * 3, EDIT), RULES) is None
    assert find(did(*[READ] * 3, EDIT, READ), RULES) is None


def test_a_call_without_a_result_counts_for_nothing():
    unanswered = [used("read_file", "{}", None, turn=n) for n in range(1, 9)]
    assert find(unanswered, RULES) is None
    assert find((), RULES) is None


# From the bytes of a request


def chat(*parts: dict[str, object]) -> Finding | None:
    draft = ChatDialect().read(json.dumps({"model": "gpt-4o", "messages": parts}).encode())
    return find(draft.history(), RULES, turns=draft.turns(), words=draft.words())


def asked(n: int, arguments: str = '{"q":1,"r":2}') -> list[dict[str, object]]:
    call = {"id": f"c{n}", "type": "function", "function": {"name": "search", "arguments": arguments}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{n}", "content": "none"},
    ]


def user(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def test_the_order_of_keys_and_white_space_do_not_matter():
    finding = chat(user("Go"), *asked(1), *asked(2, '{"r":2,"q":1}'), *asked(3, '{\n "q": 1, "r": 2}'))
    assert finding is not None
    assert (finding.tool, finding.times, finding.id) == ("search", 3, "c1")


def test_a_program_that_says_continue_is_no_user():
    on = user("Continue.")
    assert chat(user("Go"), *asked(1), on, *asked(2), on, *asked(3))
    assert not chat(user("Go"), *asked(1), user("And now?"), *asked(2), user("And today?"), *asked(3))


def test_the_user_is_heard_after_a_loop():
    lost = [*asked(1), *asked(2), *asked(3)]
    assert chat(user("Go"), *lost)
    assert not chat(user("Go"), *lost, user("Try the other."))
    assert not chat(user("Go"), *lost, user("Hm?"), {"role": "assistant", "content": "I am lost."}, user("Hm?"))


def test_a_loop_in_the_messages_dialect():
    def step(n: int) -> list[dict[str, object]]:
        call = {"type": "tool_use", "id": f"t{n}", "name": "search", "input": {"q": 1}}
        result = {"type": "tool_result", "tool_use_id": f"t{n}", "content": "none"}
        return [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result, {"type": "text", "text": f"{n}"}]},
        ]

    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [user("Go"), *step(1), *step(2), *step(3)]}
    draft = MessagesDialect().read(json.dumps(body).encode())
    finding = find(draft.history(), RULES, turns=draft.turns(), words=draft.words())
    assert finding is not None
    assert (finding.kind, finding.times, finding.since) == ("same_call", 3, 1)
