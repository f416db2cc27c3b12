import pytest

from yett.contract.addresses import has_default_port, is_host, is_listener, is_loopback, is_origin


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("http://a", True),
        ("https://a.b-c.d:8443", True),
        ("http://[::1]:1", True),
        ("http://a:0", False),
        ("http://a/", False),
        ("http://A", False),
        ("ws://a", False),
        ("http://a\n", False),
        ("http://127.1", False),
    ],
)
def test_origins(text, good):
    """Scheme, host and port in their one spelling."""
    assert is_origin(text) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("127.0.0.1:0", True),
        ("[::]:80", True),
        ("a:1", True),
        ("a", False),
        (":1", False),
        ("a:65536", False),
    ],
)
def test_listeners(text, good):
    """Host and port, port 0 for any."""
    assert is_listener(text) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a", True),
        ("1.2.3.4", True),
        ("2130706433", False),
        ("1.2.3.256", False),
        ("[::g]", False),
        ("a..b", False),
    ],
)
def test_hosts(text, good):
    """Numbers that some read as an address are none."""
    assert is_host(text) is good


def test_default_ports():
    """Browsers leave them out of `Origin`."""
    assert has_default_port("https://a:443")
    assert has_default_port("http://a:80")
    assert not has_default_port("http://a:443")
    assert not has_default_port("http://a")


def test_loopback():
    """This machine, by name or address."""
    assert all(map(is_loopback, ("localhost", "127.0.0.9", "::1")))
    assert not any(map(is_loopback, ("example.com", "10.0.0.1", "")))
