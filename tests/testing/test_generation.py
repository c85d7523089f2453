"""What the model writes."""

import pytest

from farthing.testing.conversation import Reply, ToolCall
from farthing.testing.generation import Piece, filler, gathered, split, write
from farthing.testing.tokens import count

CALL = ToolCall("get_order", {"order_id": "A-1001"})


def written(reply, room=10_000, **more):
    settings = {"seed": "s", "usual_tokens": 100, "usual_reasoning": 0, "call_prefix": "call_"}
    return write(reply, room=room, **{**settings, **more})


def test_an_answer_nobody_scripted_has_the_usual_length():
    output = written(Reply())
    assert (output.tokens, output.cut) == (100, False)
    assert len(output.text.split()) == 100


def test_the_same_request_gets_the_same_answer_and_another_seed_another():
    assert written(Reply()) == written(Reply()) != written(Reply(), seed="t")


def test_every_word_of_filler_is_one_token():
    pytest.importorskip("quicktok")
    assert all(count(piece.text) == 1 for piece in filler("s", 200))


@pytest.mark.parametrize("text", ["one two  three", " lead", "trail ", "line\nbreak", "日本語 text", "", "   "])
def test_splitting_loses_nothing(text):
    pieces = split(text)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.tokens >= 1 for piece in pieces)


@pytest.mark.parametrize("room", [1, 2, 7, 30, 50])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(tokens=500),
        Reply(text="word " * 200),
        Reply(text="unsplittable" * 100),
        Reply(tokens=20, reasoning=60),
        Reply(text="x" * 300, tools=(CALL, CALL)),
        Reply(tools=(ToolCall("f", {"long": "word " * 100}),)),
    ],
)
def test_the_cap_is_never_passed_and_a_cut_answer_is_told(reply, room):
    output = written(reply, room=room)
    assert output.tokens <= room
    assert output.cut


def test_text_that_is_cut_fills_the_cap_exactly():
    assert written(Reply(text="unsplittable" * 100), room=7).tokens == 7


def test_thinking_comes_first_and_counts():
    output = written(Reply(tokens=5), usual_reasoning=20)
    assert (output.reasoning_tokens, output.tokens) == (20, 25)
    assert written(Reply(tokens=5, reasoning=1), usual_reasoning=20).reasoning_tokens == 1


def test_a_cap_below_the_thinking_leaves_no_text():
    output = written(Reply(tokens=5), room=10, usual_reasoning=20)
    assert (output.pieces, output.tokens, output.cut) == ((), 10, True)


def test_calls_carry_their_arguments_and_ids_of_their_own():
    output = written(Reply(tools=(CALL, ToolCall("get_order", {"order_id": "B"}, "call_given"))))
    assert [call.arguments for call in output.calls] == [CALL.text, '{"order_id":"B"}']
    assert output.calls[0].id.startswith("call_")
    assert output.calls[1].id == "call_given"
    assert output.tokens > 8
    assert output.pieces == ()


def test_gathered_pieces_keep_text_and_tokens():
    pieces = tuple(Piece(letter, 1) for letter in "abcdefg")
    assert gathered(pieces, 3) == (Piece("abc", 3), Piece("def", 3), Piece("g", 1))
    assert gathered(pieces, 1) == pieces
