"""Base URLs and origins: what an operator may write, and where nothing is ever sent."""

import pytest

from farthing.providers.addresses import check_base_url, parse_origin, refused_address, refused_host


def test_an_origin_is_taken_apart():
    origin = parse_origin("https://API.openai.com:8443")
    assert (origin.tls, origin.host, origin.port, origin.authority) == (
        True,
        "api.openai.com",
        8443,
        b"api.openai.com:8443",
    )


@pytest.mark.parametrize(
    ("text", "host", "port", "authority"),
    [
        ("http://localhost", "localhost", 80, b"localhost"),
        ("https://a.b.", "a.b", 443, b"a.b."),
        ("http://[::1]:11434", "::1", 11434, b"[::1]:11434"),
        ("http://under_score:1", "under_score", 1, b"under_score:1"),
    ],
)
def test_ports_and_hosts_have_their_usual_meaning(text, host, port, authority):
    origin = parse_origin(text)
    assert (origin.host, origin.port, origin.authority) == (host, port, authority)


@pytest.mark.parametrize(
    "text", ["https://a/v1", "https://a?b", "ftp://a", "a.b", "", "https://", "https://a:0", "https://a:65536"]
)
def test_anything_else_is_no_origin(text):
    with pytest.raises(ValueError, match=r"."):
        parse_origin(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://10.0.0.7/models/llama", "http://10.0.0.7/models/llama"),
        ("https://x.example/a%20b", "https://x.example/a%20b"),
    ],
)
def test_a_base_url_loses_only_its_last_slash(text, kept):
    assert check_base_url(text) == kept


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("api.openai.com/v1", "must start with https://"),
        ("file:///etc/passwd", "must start with https://"),
        ("gopher://x", "must start with https://"),
        ("https://user:pass@api.openai.com", "user name or password"),
        ("https://api.openai.com@evil.test/", "user name or password"),
        ("https://api.openai.com/v1?key=1", "query or fragment"),
        ("https://api.openai.com/#x", "query or fragment"),
        ("https://münchen.example", "xn--"),
        ("https://a b", "write it as"),
        ("https://a\r\nhost: b", "write it as"),
        ("https://a\\@b", "user name or password"),
        ("https://-a.example", "write it as"),
        ("https://a:99999", "no possible port"),
        ("http://2130706433", "plain IP address"),
        ("http://0x7f.1", "plain IP address"),
        ("http://0177.0.0.1", "plain IP address"),
        ("http://127.1", "plain IP address"),
        ("http://[::1%25eth0]", "write it as"),
        ("http://[:::]", "plain IP address"),
        ("https://" + "x" * 64 + ".example", "63 letters"),
    ],
)
def test_a_base_url_that_misleads_is_refused_in_words(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_base_url(text)


METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "224.0.0.1",
]


@pytest.mark.parametrize("address", METADATA)
def test_addresses_that_no_model_lives_at_are_refused_in_every_spelling(address):
    assert refused_address(address)
    assert refused_host(address)
    with pytest.raises(ValueError, match="cannot be a provider"):
        check_base_url(f"http://[{address}]" if ":" in address else f"http://{address}/latest")


def test_a_scope_does_not_hide_a_link_local_address():
    assert refused_address("fe80::1%eth0")


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.google.internal.", "metadata", "instance-data"])
def test_names_of_metadata_services_are_refused(name):
    assert "metadata" in refused_host(name)
    with pytest.raises(ValueError, match="metadata"):
        check_base_url(f"http://{name}/computeMetadata/v1")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.2", "fd12::1", "8.8.8.8", "100.64.0.1", "::ffff:127.0.0.1"]
)
def test_local_and_public_models_may_be_asked(address):
    assert refused_address(address) == ""


def test_an_operator_may_switch_the_refusal_off():
    assert check_base_url("http://169.254.1.1:8000/v1/", refuse_metadata=False) == "http://169.254.1.1:8000/v1"
