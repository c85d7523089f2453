"""The headers of every answer."""

from farthing.dashboard.headers import CSP, SAFE, cookie, cookie_name


def test_nothing_inline_nothing_evaluated_nothing_from_elsewhere():
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert "data:" not in CSP
    assert CSP.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in CSP


def test_pages_are_not_framed_not_guessed_and_tell_no_other_site_where_they_are():
    said = dict(SAFE)
    assert said[b"x-frame-options"] == b"DENY"
    assert said[b"x-content-type-options"] == b"nosniff"
    assert said[b"referrer-policy"] == b"same-origin"


def test_a_cookie_is_for_this_port_alone_and_out_of_reach_of_scripts():
    name, value = cookie("127.0.0.1:4141", "abc", seconds=60, secure=False)
    assert name == b"set-cookie"
    assert value == b"farthing_4141=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=60"
    assert cookie("localhost", "abc", seconds=60, secure=True)[1].endswith(b"; Secure")
    assert cookie_name("[::1]:80") == "farthing_80"
