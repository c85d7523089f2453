"""Attribution: the more trusted source wins, callers hear of their own mistakes, and nothing private is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.attribution import MAX_LABELS, Attribution, attribute, flaw_of, read_labels
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01".encode()


def key(**fields) -> Key:
    return Key(id="k", name="k", digest="", **fields)


def labels(*headers: tuple[bytes, bytes], body=(), **fields) -> dict[str, str]:
    return dict(attribute(headers, body, **fields).labels)


def ours(text: str) -> tuple[bytes, bytes]:
    return (b"x-farthing-labels", text.encode())


def test_a_call_that_says_nothing_has_no_labels():
    assert attribute([(b"host", b"x"), (b"authorization", b"y")]) == Attribution((), None)


def test_our_own_header_names_labels():
    assert attribute([ours("team=a, user=b ,run=e")]).labels == (("run", "e"), ("team", "a"), ("user", "b"))


def test_two_of_our_headers_count_as_one():
    assert labels(ours("team=a"), ours("user=b")) == {"team": "a", "user": "b"}


def test_a_value_may_hold_equals_signs_and_any_language():
    assert labels(ours("user=a=b,team=größe 東京")) == {"user": "a=b", "team": "größe 東京"}


def test_baggage_is_read_percent_decoded_and_only_where_it_is_ours():
    baggage = b"userId=alice,farthing.team=a%20b%2Cc;ttl=5,farthing.user = z"
    assert labels((b"baggage", baggage)) == {"team": "a b,c", "user": "z"}


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ((b"x-claude-code-session-id", b"11aa-22bb"), ("run", "11aa-22bb")),
        ((b"session-id", b"s1"), ("run", "s1")),
        ((b"session_id", b"s2"), ("run", "s2")),
        ((b"thread-id", b"t1"), ("run", "t1")),
        ((b"traceparent", TRACEPARENT), ("trace", TRACE)),
        ((b"x-codex-turn-metadata", b'{"agent_name":"reviewer"}'), ("agent", "reviewer")),
    ],
)
def test_what_clients_send_of_themselves_becomes_labels(header, label):
    assert attribute([header]).labels == (label,)


def test_a_session_names_the_run_before_a_thread_does_in_either_order():
    both = [(b"thread-id", b"t"), (b"session-id", b"s")]
    assert labels(*both) == labels(*reversed(both)) == {"run": "s"}


def test_of_codex_turn_metadata_only_the_agent_is_kept():
    turn = {"agent_name": "reviewer", "turn_id": "7", "workspaces": {"/home/ann/secret": {}}, "request_kind": "x"}
    found = attribute([(b"x-codex-turn-metadata", json.dumps(turn).encode())])
    assert found.labels == (("agent", "reviewer"),)


def test_the_more_trusted_source_wins():
    headers = [
        (b"x-claude-code-session-id", b"client"),
        (b"baggage", b"farthing.run=baggage,farthing.user=baggage"),
        ours("user=ours,run=ours,team=ours"),
    ]
    found = labels(*headers, body=(("user", "body"), ("tag.job", "nightly")), key=key(labels=(("team", "bound"),)))
    assert found == {"team": "bound", "user": "ours", "run": "ours", "tag.job": "nightly"}
    assert labels(*headers[:2], body=(("user", "body"),)) == {"run": "baggage", "user": "baggage"}
    assert labels(headers[0], body=(("run", "body"),)) == {"run": "client"}


def test_with_a_key_only_its_own_labels_and_those_it_lets_callers_set_are_trusted():
    found = attribute([ours("team=b,user=ann,tag.x=1")], key=key(labels=(("team", "a"),), may_set=("user", "run")))
    assert found.labels == (("tag.x", "1"), ("team", "a"), ("user", "ann"))
    assert found.trusted == {"team", "user", "run"}


def test_a_required_label_must_come_from_where_it_is_trusted():
    needs_team = key(may_set=("team",), require=("team",))
    assert labels(ours("team=a"), key=needs_team) == {"team": "a"}
    assert labels(key=key(labels=(("team", "a"),), require=("team",))) == {"team": "a"}
    with pytest.raises(BadRequest, match="'team'") as caught:
        attribute([ours("user=a")], key=needs_team)
    assert (caught.value.status, caught.value.code, caught.value.field) == (400, "label_required", "x-farthing-labels")
    with pytest.raises(BadRequest, match="'team'"):
        attribute([ours("team=a")], key=key(require=("team",)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("team", "'team'.*no value"),
        ("team=", "'team'.*no value"),
        ("=a", "''.*names are"),
        ("Team=a", "'Team'.*names are"),
        ("te am=a", "'te am'.*names are"),
        ("9=a", "'9'.*names are"),
        ("x" * 65 + "=a", "names are"),
        ("user=" + "a" * 129, "'user'.*129 characters"),
        ("user=a\x07b", "'user'.*printed"),
        ("user=a\u202eb", "'user'.*printed"),
        ("user=(none)", r"'user'.*\(none\)"),
        ("user=(other)", r"'user'.*\(other\)"),
        ("user=a,user=b", "'user'.*twice"),
        (",".join(f"l{n}=a" for n in range(MAX_LABELS + 1)), "33 labels"),
    ],
)
def test_a_mistake_in_our_header_is_refused_with_the_labels_name(text, names):
    with pytest.raises(BadRequest, match=names) as caught:
        attribute([ours(text)])
    assert caught.value.field == "x-farthing-labels"
    assert caught.value.status == 400


def test_our_header_must_be_text():
    with pytest.raises(BadRequest, match="UTF-8"):
        attribute([(b"x-farthing-labels", b"team=\xff")])


def test_the_same_label_twice_with_one_value_is_no_mistake():
    assert read_labels(b"a=1,,a=1,") == (("a", "1"),)


@pytest.mark.parametrize(
    "header",
    [
        (b"baggage", b"farthing.Team=a,farthing.=b,farthing.x,farthing.y=%00,farthing.z=" + b"a" * 200),
        (b"x-claude-code-session-id", b"a" * 200),
        (b"session-id", b""),
        (b"session-id", b"\xff\x00"),
        (b"x-codex-turn-metadata", b"{not json"),
        (b"x-codex-turn-metadata", b"[" * 5_000),
        (b"x-codex-turn-metadata", b'{"agent_name": 5}'),
        (b"traceparent", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"),
        (b"traceparent", b"nonsense"),
    ],
)
def test_what_other_software_gets_wrong_is_left_out_in_silence(header):
    assert attribute([header]).labels == ()


def test_body_labels_that_do_not_fit_are_left_out_in_silence():
    body = (("user", "x" * 129), ("tag.Job Name", "a"), ("tag.job", "nightly"), ("user", ""))
    assert attribute([], body).labels == (("tag.job", "nightly"),)


name = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)
value = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_characters=","), min_size=1, max_size=128)


@given(st.dictionaries(name, value.filter(lambda text: not flaw_of("x", text)), max_size=MAX_LABELS))
def test_labels_that_fit_arrive_as_they_were_sent(sent):
    text = ",".join(f"{name}={value}" for name, value in sent.items())
    assert labels(ours(text)) == {name: value.strip() for name, value in sent.items()}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"x-farthing-labels", b"baggage", b"session-id", b"traceparent", b"x-codex-turn-metadata"]
            ),
            st.binary(max_size=80),
        ),
        max_size=6,
    )
)
def test_whatever_bytes_come_labels_are_clean_or_the_caller_is_told(headers):
    try:
        found = attribute(headers).labels
    except BadRequest:
        return
    assert all(not flaw_of(*pair) for pair in found)
    assert list(found) == sorted(dict(found).items())


def test_what_is_remembered_is_the_same_for_the_same_words_alone_and_long_words_are_not():
    from farthing.accounts import attribution

    heard = ((b"x-farthing-labels", b"user=remembered"),)
    assert attribution.attribute_heard(heard) is attribution.attribute_heard(heard)
    assert attribution.attribute_heard(heard, (("team", "a"),)).labels == (("team", "a"), ("user", "remembered"))
    assert attribution.attribute_heard(heard, (), key(labels=(("user", "own"),))).labels == (("user", "own"),)
    before = attribution._remembered.cache_info().currsize
    attribute([ours("user=a" + "," * 300)])
    attribute([ours("user=a")], (("team", "b" * 300),))
    assert attribution._remembered.cache_info().currsize <= before


@pytest.mark.parametrize(
    ("traceparent", "parent"),
    [
        (f"00-{'ab' * 16}-b7ad6b7169203331-01", "b7ad6b7169203331"),
        (f"00-{'ab' * 16}-{'0' * 16}-01", ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        ("nonsense", ""),
    ],
)
def test_the_span_that_a_trace_names_is_kept_for_telemetry_and_is_no_label(traceparent, parent):
    found = attribute([(b"traceparent", traceparent.encode())])
    assert found.parent == parent
    assert all(value != "b7ad6b7169203331" for _, value in found.labels)
    assert attribute([(b"x-farthing-labels", b"team=a")]).parent == ""
