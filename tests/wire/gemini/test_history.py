"""The functions that a Gemini conversation has called: pairs by id or by name, errors, turns and words."""

import json

from farthing.wire.gemini.history import history_of
from support.gemini_wire import asked, call, model, result, user


def history(*contents):
    return history_of(json.loads(asked(contents=list(contents))))


def test_a_call_finds_its_result_by_name_where_there_are_no_ids():
    (use,) = history(user("a"), model(call()), result(response={"result": "sent"})).uses()
    assert (use.name, use.error, use.turn, use.words) == ("get_order", False, 1, 1)
    assert use.result is not None


def test_calls_of_one_name_find_their_results_in_order():
    contents = [
        user("a"),
        model(call(), call()),
        {"role": "user", "parts": [*result(response={"r": 1})["parts"], *result(response={"r": 2})["parts"]]},
    ]
    first, second = history(*contents).uses()
    assert first.arguments == second.arguments
    assert first.result != second.result
    assert None not in (first.result, second.result)


def test_ids_go_before_names():
    made = model(call(id="1"), call(id="2"))
    answers = {
        "role": "user",
        "parts": [*result(id="2", response={"r": 2})["parts"], *result(id="1", response={"r": 1})["parts"]],
    }
    one, two = history(user("a"), made, answers).uses()
    (alone,) = history(user("a"), model(call(id="1")), result(id="1", response={"r": 1})).uses()
    assert one.result == alone.result != two.result


def test_a_result_with_an_error_in_it_is_an_error():
    (use,) = history(user("a"), model(call()), result(response={"error": "no such order"})).uses()
    assert use.error


def test_turns_are_the_models_and_words_the_users():
    told = history(user("a"), model(call()), result(), model({"text": "b"}), user("c"))
    assert (told.turns, told.words) == (2, 2)


def test_what_is_odd_is_left_out():
    told = history_of({"contents": [{"parts": "x"}, 5, {"role": "model", "parts": [{"functionCall": "y"}, 3]}]})
    assert (told.uses(), told.turns) == ((), 1)
    assert history(result()).uses() == ()
