"""What the table `[admin]` comes to."""

import pytest

from farthing.config.admin_checks import admin_lines, admin_problems, admin_warnings
from farthing.config.admin_settings import Admin
from farthing.config.settings import Gateway, Settings


def told(gateway=None, **admin):
    return Settings(admin=Admin(**admin), gateway=gateway or Gateway())


def fields(problems):
    return [problem.field for problem in problems]


@pytest.mark.parametrize("alone", [{"hosts": ("a.example",)}, {"https": True}, {"proxies": ("10.0.0.2/32",)}])
def test_what_is_about_an_address_that_is_not_named_is_a_mistake(alone):
    assert fields(admin_problems(told(**alone))) == [f"admin.{next(iter(alone))}"]


@pytest.mark.parametrize(
    ("host", "listen", "clash"),
    [
        ("127.0.0.1", "127.0.0.1:4141", True),
        ("0.0.0.0", "10.0.0.5:4141", True),
        ("127.0.0.1", "0.0.0.0:4141", True),
        ("127.0.0.1", "10.0.0.5:4141", False),
        ("127.0.0.1", "127.0.0.1:4142", False),
        ("127.0.0.1", "127.0.0.1:0", False),
    ],
)
def test_the_gateways_own_address_is_not_free_for_it(host, listen, clash):
    found = fields(admin_problems(told(Gateway(host=host), listen=listen)))
    assert found == (["admin.listen"] if clash else [])


@pytest.mark.parametrize(
    ("admin", "warned"),
    [
        ({}, []),
        ({"listen": "127.0.0.2:4142"}, []),
        ({"listen": "10.0.0.5:4142"}, ["admin.listen"]),
        ({"listen": "10.0.0.5:4142", "https": True}, ["admin.https"]),
        ({"listen": "10.0.0.5:4142", "https": True, "proxies": ("10.0.0.2/32",)}, []),
    ],
)
def test_what_crosses_a_network_readable_and_what_would_be_refused_is_warned_of(admin, warned):
    assert fields(admin_warnings(told(**admin))) == warned


def test_it_is_said_in_words():
    assert list(admin_lines(told())) == ["answers this machine only, where the gateway listens"]
    everything = told(listen="10.0.0.5:4142", hosts=("a.example",), https=True, proxies=("10.0.0.2/32",))
    said = "\n".join(admin_lines(everything))
    for word in ("10.0.0.5:4142", "or a.example", "TLS", "10.0.0.2/32"):
        assert word in said
