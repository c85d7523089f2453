"""Addresses as operators write them."""

from importlib.util import find_spec

import pytest

from farthing.notify.address import origin_and_target, read_address
from farthing.providers.addresses import refused_host


def read(text, origin="the file itself"):
    return read_address(text, origin=origin, refused=refused_host)


def test_the_log_is_the_log():
    assert (read("log").kind, read(" log ").address.label) == ("log", "log")


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/a/secret?token=t", "http://127.0.0.1:9000", "http://[::1]:9000/x"]
)
def test_an_http_url_is_a_webhook_of_our_own(url):
    assert read(url).kind == "webhook"


@pytest.mark.parametrize(
    "url", ["slack://a/b/c", "mailto://user:pass@example.com", "json://127.0.0.1/x", "tgram://1/2"]
)
@pytest.mark.skipif(find_spec("apprise") is None, reason="the extra farthing[alerts] is not installed")
def test_any_other_scheme_is_apprises(url):
    assert read(url).kind == "apprise"


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/T0K3N?key=T0K3N", "slack://T0K3N/T0K3N/T0K3N", "mailto://me:T0K3N@example.com"]
)
@pytest.mark.skipif(find_spec("apprise") is None, reason="the extra farthing[alerts] is not installed")
def test_what_people_see_of_an_address_holds_no_secret(url):
    target = read(url, "env:ALERT_URL")
    assert "T0K3N" not in repr(target) + target.address.label + target.address.digest
    assert target.address.label.endswith(" (env:ALERT_URL)")
    assert target.text == url


def test_two_addresses_of_one_host_are_told_apart():
    one, other = read("https://hooks.example.com/a"), read("https://hooks.example.com/b")
    assert one.address.label == other.address.label == "https://hooks.example.com"
    assert one.address.digest != other.address.digest
    assert read("https://hooks.example.com/a") == one


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "Apprise address"),
        ("nonsense", "Apprise address"),
        ("https:/hooks.example.com", "Apprise address"),
        ("https:///path", "names no host"),
        ("https://me:T0K3N@hooks.example.com/", "no user name or password"),
        ("https://hooks.example.com/a#T0K3N", "no fragment"),
        ("https://hooks.example.com/T0K3N\u00e9", "printable ASCII"),
        ("https://hooks.example.com/T0K3N x", "printable ASCII"),
        ("https://hooks.example.com:99999/T0K3N", "cannot be read"),
        ("https://[::1/T0K3N", "cannot be read"),
        ("https://hooks.slack.com/services/T0K3N", "slack://"),
        ("https://discord.com/api/webhooks/T0K3N", "discord://"),
        ("http://169.254.169.254/latest/meta-data/T0K3N", "metadata"),
        ("http://metadata.google.internal/T0K3N", "metadata"),
        ("json://169.254.169.254/T0K3N", "metadata"),
    ],
)
def test_a_mistake_is_told_without_showing_the_address(url, told):
    with pytest.raises(ValueError, match=told) as error:
        read(url)
    assert "T0K3N" not in str(error.value)


def test_without_apprise_its_addresses_are_told_how_to_get_it(monkeypatch):
    monkeypatch.setattr("farthing.notify.address.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"farthing\[alerts\]"):
        read("slack://a/b/c")
    assert read("https://hooks.example.com/").kind == "webhook"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://h.example/a/b?c=d", ("https://h.example", "/a/b?c=d")),
        ("http://127.0.0.1:9000", ("http://127.0.0.1:9000", "/")),
        ("https://h.example?c=d", ("https://h.example", "/?c=d")),
    ],
)
def test_a_url_is_taken_apart_as_http_wants_it(url, parts):
    assert origin_and_target(url) == parts
