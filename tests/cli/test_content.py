"""`farthing calls show --content`: the texts as redaction left them, and no control character of a model."""

from farthing.cli.content import content_text
from farthing.ports.content import Content
from farthing.stores.sqlite.content import SqliteContents, place_of
from support.filled_store import fill
from support.shell import asked_json, invoke


def test_without_content_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = fill(tmp_path / "farthing.db")
    assert "no content of this call is kept" in invoke("calls", "show", store.paid, "--content").output
    assert asked_json("calls", "show", store.paid, "--content")["content"] is None
    assert "content" not in asked_json("calls", "show", store.paid)


def test_what_is_kept_is_shown_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = fill(tmp_path / "farthing.db")
    contents = SqliteContents(place_of(store.path))
    call = int(store.paid.removeprefix("call_"), 16)
    contents.put((Content(call=call, at_ms=1, request='{"a":"[email]"}', answer='["hi"]', redacted=1),))
    contents.close()
    shown = invoke("calls", "show", store.paid, "--content").output
    assert "request (1 piece taken out)" in shown
    assert '"a": "[email]"' in shown
    assert "[email]" not in invoke("calls", "show", store.paid).output
    assert asked_json("calls", "show", store.paid, "--content")["content"]["answer"] == '["hi"]'


def test_a_terminal_gets_no_escape_of_a_model():
    shown = content_text(Content(call=1, at_ms=1, request="\x1b[2J", answer="\u202e", cut=True))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "cut" in shown
