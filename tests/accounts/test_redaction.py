"""Redaction: what is a person's or a secret goes, wherever it hides in a body; what only looks like it stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.redaction import Redactor, flaw_of, names

GONE = {
    "email": ["write to ann.lee+x@mail.example.co.uk today", "<a@b.de>"],
    "phone": ["call +49 30 1234 5678", "or 0049 (30) 12345678", "(212) 555-0147", "212-555-0147"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "secret": [
        "sk-" + "ant-api03-" + "a1" * 12,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-abc",
        "Authorization: Bearer abcdefghijklmnop.qrst",
        "api_key = 'hunter2hunter2'",
        "password: correct-horse",
        "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
}


@pytest.mark.parametrize(("word", "text"), [(word, text) for word, texts in GONE.items() for text in texts])
def test_what_is_a_persons_or_a_secret_goes(word, text):
    redactor = Redactor()
    assert f"[{word}]" in redactor.text(text)
    assert redactor.taken_out == 1
    assert word in names()


@pytest.mark.parametrize(
    "text",
    [
        "order 4111 1111 1111 1112 of 2026-11-22",  # no check digit of a card
        "GB82 WEST 1234 5698 7654 33",  # nor of an account
        "version 1.2.3, 12,345,678 tokens, $0.000123456",
        "call_01a27c2201c00000",
        "the token count is 12",
        "3.14159265358979",
        "user@",
    ],
)
def test_what_only_looks_like_it_stays(text):
    redactor = Redactor()
    assert redactor.text(text) == text
    assert redactor.taken_out == 0


def told(body, *own):
    redactor = Redactor(own)
    return json.loads(redactor.body(json.dumps(body).encode())), redactor.taken_out


def test_an_escape_hides_nothing():
    assert Redactor().body(b'{"a":"ann\\u0040example.com"}') == '{"a":"[email]"}'


def test_a_text_in_a_text_is_looked_into():
    inner = json.dumps({"to": "ann\u0040example.com", "password": "x"})
    shown, taken_out = told({"arguments": inner})
    assert json.loads(shown["arguments"]) == {"to": "[email]", "password": "[secret]"}
    assert taken_out == 2


def test_what_stands_under_a_secret_name_goes_whole():
    assert told({"client_secret": "abc", "access_token": "x", "tokens": "5"}) == (
        {"client_secret": "[secret]", "access_token": "[secret]", "tokens": "5"},
        2,
    )


def test_names_and_numbers_are_texts_too():
    assert told({"ann@example.com": 4111111111111111, "n": 1_234, "ok": True}) == (
        {"[email]": "[card]", "n": 1_234, "ok": True},
        2,
    )


def test_images_are_told_by_their_length():
    shown, _ = told({"url": "data:image/png;base64," + "A" * 9_000, "raw": "A" * 8_192})
    assert shown == {"url": "[9,022 characters of media]", "raw": "[8,192 characters of media]"}


def test_patterns_of_ones_own_are_taken_out_too():
    assert told(["PRJ-1234 is late"], r"PRJ-\d+") == (["[redacted] is late"], 1)


def test_what_is_no_json_is_redacted_as_it_is():
    assert Redactor().body(b"ann@example.com \xff") == "[email] �"


def test_no_depth_is_too_deep():
    body = b"[" * 500 + b"]" * 500
    assert "too deep" in Redactor().body(body)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("(", "no regular expression"), ("a*", "everywhere"), ("x" * 501, "longer"), ("(a+)+b", "repetition")],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern, said):
    assert said in flaw_of(pattern)
    assert flaw_of("PRJ-[0-9]+") == ""


@given(st.text())
def test_no_text_breaks_it_and_nothing_is_taken_out_twice(text):
    once = Redactor().text(text)
    assert Redactor().text(once) == once or "[" in once


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_a_body_stays_json_of_the_same_shape(body):
    raw = json.dumps(body).encode()
    json.loads(Redactor().body(raw))


def test_a_long_text_is_looked_at_line_by_line_and_others_have_their_turn():
    turns = []
    redactor = Redactor((), lambda: turns.append(1))
    text = "call ann@example.com\n" * 2_000
    assert redactor.text(text) == "call [email]\n" * 2_000
    assert len(turns) >= 4


def test_a_key_over_many_lines_goes_whole():
    key = "-----BEGIN PRIVATE KEY-----\n" + "A1b2\n" * 2_000 + "-----END PRIVATE KEY-----"
    assert Redactor().text(f"here:\n{key}\nthanks") == "here:\n[secret]\nthanks"
