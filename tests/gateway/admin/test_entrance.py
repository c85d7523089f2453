"""The two ways in."""

import pytest

from farthing.config.admin_settings import Admin
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.entrance import HERE, Apart

LOCAL = {b"host": b"127.0.0.1:4141"}
FAR = {b"host": b"10.0.0.5:4142"}


def apart(**told):
    return Apart(lambda: Admin(listen="10.0.0.5:4142", **told))


def refused(check, headers, peer):
    with pytest.raises(BadRequest) as caught:
        check(headers, peer)
    assert caught.value.status == 403
    return caught.value.field


@pytest.mark.parametrize("host", [b"127.0.0.1:4141", b"localhost:4141", b"[::1]:4141", b"localhost"])
def test_this_machine_is_served_by_its_own_names(host):
    HERE.check_page({b"host": host}, "127.0.0.1")


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example:4141", b"localhost.evil.example", b""])
def test_a_name_that_was_led_here_is_refused(host):
    assert refused(HERE.check_page, {b"host": host}, "127.0.0.1") == "host"


def test_other_machines_are_refused_here_and_so_is_what_a_proxy_forwards():
    for headers, peer in ((LOCAL, "10.0.0.7"), ({**LOCAL, b"x-forwarded-for": b"10.0.0.7"}, "127.0.0.1")):
        refused(HERE.check_page, headers, peer)
        refused(HERE.check, headers, peer)


@pytest.mark.parametrize(
    "host",
    [b"10.0.0.5:4142", b"[fd00::5]:4142", b"[fd00::5]", b"10.0.0.5", b"localhost:4142", b"farthing.example.com",
     b"Farthing.Example.COM:443"],
)  # fmt: skip
def test_apart_it_is_asked_by_an_address_or_a_name_that_was_told(host):
    apart(hosts=("farthing.example.com",)).check({b"host": host}, "10.0.0.7")


@pytest.mark.parametrize(
    "host",
    [b"", b"evil.example:4142", b"10.0.0.5.evil.example", b"10.0.0.5.evil.example:4142", b"farthing.example.com.evil.example",
     b"farthing.example.com@evil.example", b":4142", b"\xff", b"[evil.example]", b"10.0.0.5 evil.example"],
)  # fmt: skip
def test_apart_any_other_name_may_be_a_page_that_led_its_own_here(host):
    assert refused(apart(hosts=("farthing.example.com",)).check, {b"host": host}, "10.0.0.7") == "host"


@pytest.mark.parametrize("name", [b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"])
def test_apart_a_forwarded_request_is_taken_from_the_proxies_that_were_named(name):
    entrance = apart(proxies=("10.0.0.2/32", "10.1.0.0/28"))
    headers = {**FAR, name: b"192.0.2.1"}
    for peer in ("10.0.0.2", "10.1.0.9", "::ffff:10.0.0.2"):
        entrance.check(headers, peer)
    for peer in ("10.0.0.3", "10.1.0.16", "", "::1"):
        assert refused(entrance.check, headers, peer) == name.decode()
    assert refused(apart().check, headers, "10.0.0.2") == name.decode()


def test_wrong_keys_count_against_whom_a_named_proxy_has_seen():
    entrance = apart(proxies=("10.0.0.2/32",))
    forged = {**FAR, b"x-forwarded-for": b"192.0.2.1, 192.0.2.9"}
    assert entrance.visitor(forged, "10.0.0.2") == "192.0.2.9"
    assert entrance.visitor(forged, "10.0.0.3") == "10.0.0.3"
    assert entrance.visitor(FAR, "10.0.0.2") == "10.0.0.2"
    assert HERE.visitor(LOCAL, "127.0.0.1") == HERE.visitor(LOCAL, "::1")


def test_what_was_told_may_change_while_it_runs():
    told = [Admin(listen="10.0.0.5:4142")]
    entrance = Apart(lambda: told[-1])
    refused(entrance.check, {b"host": b"a.example"}, "10.0.0.7")
    assert (entrance.https, entrance.schemes) == (False, (b"http",))
    told.append(Admin(listen="10.0.0.5:4142", hosts=("a.example",), https=True))
    entrance.check({b"host": b"a.example"}, "10.0.0.7")
    assert (entrance.https, entrance.schemes) == (True, (b"https",))
