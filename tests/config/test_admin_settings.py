"""The table `[admin]`."""

from pathlib import Path

import pytest

from farthing.config.admin_settings import address, host_names, networks, split
from farthing.config.values import Surroundings

AROUND = Surroundings({}, Path())


@pytest.mark.parametrize(
    ("text", "parts"),
    [("10.0.0.5:4142", ("10.0.0.5", 4142)), ("[::1]:4142", ("::1", 4142)), ("0.0.0.0:0", ("0.0.0.0", 0))],
)
def test_an_address_is_an_ip_address_and_a_port(text, parts):
    assert address(text, AROUND) == text
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    ["4142", ":4142", "10.0.0.5", "10.0.0.5:", "10.0.0.5:http", "10.0.0.5:70000", "::1:4142", "example.com:4142",
     "http://10.0.0.5:4142", "10.0.0.5:4142/", "[::1:4142", 4142],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match=r"port|quotes"):
        address(text, AROUND)


def test_no_address_is_none():
    assert address("", AROUND) == ""


def test_names_are_those_of_a_host_header_without_its_port():
    assert host_names(["Farthing.Example.com", "farthing"], AROUND) == ("farthing.example.com", "farthing")
    for wrong in ("https://a.example", "a.example:443", "a.example/x", "*.example", "", "é.example"):
        with pytest.raises(ValueError, match="is no name"):
            host_names([wrong], AROUND)
    with pytest.raises(ValueError, match="a list of names"):
        host_names("a.example", AROUND)


def test_proxies_are_addresses_or_networks():
    assert networks(["10.0.0.2", "10.1.0.0/28", "fd00::/8"], AROUND) == ("10.0.0.2/32", "10.1.0.0/28", "fd00::/8")
    for wrong in (["proxy.example"], ["10.0.0.1/28"]):
        with pytest.raises(ValueError, match="write addresses like"):
            networks(wrong, AROUND)
    with pytest.raises(ValueError, match="a list of addresses"):
        networks("10.0.0.2", AROUND)
