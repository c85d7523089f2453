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


def test_a_cookie_is_out_of_reach_of_scripts_and_of_the_ordinary_pages_of_other_programs():
    name, value = cookie("1a2b3c4d", "abc", seconds=60, https=False)
    assert name == b"set-cookie"
    assert value == b"farthing_1a2b3c4d=abc; Path=/dashboard; HttpOnly; SameSite=Strict; Max-Age=60"


def test_over_tls_the_browser_holds_it_to_this_very_host():
    value = cookie("1a2b3c4d", "abc", seconds=60, https=True)[1]
    assert value == b"__Host-farthing_1a2b3c4d=abc; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60"
    assert cookie_name("1a2b3c4d", https=True) == "__Host-farthing_1a2b3c4d"
