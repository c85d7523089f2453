"""What of a prompt was sent before in its run, known by digests and lengths alone."""

from farthing.reports.conversation import Conversation, Sent
from support.priced_past import message, prompt

ASK = message("user", "ask", 100)
SAID = message("assistant", "said", 40)
SYSTEM = message("system", "sys", 500)


def test_everything_is_new_at_first_and_history_after_that():
    run = Conversation()
    assert run.take(prompt(ASK)) == ((Sent.NEW, 100),)
    assert run.take(prompt(ASK, SAID)) == ((Sent.HISTORY, 100), (Sent.NEW, 40))


def test_a_system_prompt_outside_the_messages_is_known_by_its_version():
    run = Conversation()
    assert run.take(prompt(ASK, head=300)) == ((Sent.NEW, 400),)
    assert run.take(prompt(ASK, head=300)) == ((Sent.PROMPT, 300), (Sent.HISTORY, 100))
    assert run.take(prompt(ASK, head=310, version="v2")) == ((Sent.NEW, 310), (Sent.HISTORY, 100))


def test_a_system_prompt_among_the_messages_is_prompt_and_not_history():
    run = Conversation()
    run.take(prompt(SYSTEM, ASK))
    assert run.take(prompt(SYSTEM, ASK)) == ((Sent.PROMPT, 500), (Sent.HISTORY, 100))


def test_the_same_words_said_once_more_are_new():
    run = Conversation()
    again = message("user", "continue", 8)
    run.take(prompt(again))
    assert run.take(prompt(again, again)) == ((Sent.HISTORY, 8), (Sent.NEW, 8))
    assert run.take(prompt(again, again)) == ((Sent.HISTORY, 16),)


def test_a_result_fetched_with_the_same_question_and_the_same_answer_is_fetched_again():
    run = Conversation()
    first = (message("assistant", "a1", 20, "read"), message("tool", "t1", 400, "read"))
    second = (message("assistant", "a2", 20, "read"), message("tool", "t2", 400, "read"))
    run.take(prompt(ASK, *first))
    assert run.take(prompt(ASK, *first, *second)) == ((Sent.HISTORY, 520), (Sent.NEW, 20), (Sent.REFETCH, 400))
    assert run.take(prompt(ASK, *first, *second)) == ((Sent.HISTORY, 540), (Sent.REFETCH, 400))


def test_another_question_or_another_length_is_no_refetch():
    run = Conversation()
    run.take(prompt(message("assistant", "a1", 20, "read"), message("tool", "t1", 400, "read")))
    longer = prompt(message("assistant", "a2", 21, "read"), message("tool", "t2", 400, "read"))
    other = prompt(message("assistant", "a3", 20, "read"), message("tool", "t3", 401, "read"))
    assert run.take(longer) == ((Sent.NEW, 421),)
    assert run.take(other) == ((Sent.NEW, 421),)


def test_a_short_result_may_be_the_same_by_chance():
    run = Conversation()
    run.take(prompt(message("assistant", "a1", 20, "read"), message("tool", "t1", 31, "read")))
    again = prompt(message("assistant", "a2", 20, "read"), message("tool", "t2", 31, "read"))
    assert run.take(again) == ((Sent.NEW, 51),)


def test_calls_of_the_responses_api_are_no_results():
    run = Conversation()
    items = (message("function_call", "c", 50, "read"), message("function_call_output", "o", 90, "read"))
    run.take(prompt(*items))
    again = (message("function_call", "c2", 50, "read"), message("function_call_output", "o2", 90, "read"))
    assert run.take(prompt(*items, *again)) == ((Sent.HISTORY, 140), (Sent.NEW, 50), (Sent.REFETCH, 90))


def test_an_empty_prompt_has_no_pieces():
    assert Conversation().take(prompt()) == ()
