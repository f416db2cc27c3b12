"""Settings of proofs of possession: mistakes with their lines."""

from __future__ import annotations

import pytest
from kit.settings import findings

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n[identity.dpop]\n'
CORS = '[cors]\norigins = ["https://app.test"]\nheaders = ["Authorization", "dpop"]\n'


@pytest.mark.parametrize(
    "more",
    [
        "",
        'nonce = true\nmax_age = 30\nalgorithms = ["ES256"]\nmax_remembered = 1024\n',
        'hosts = ["api.example.com", "api.example.com:8443", "[::1]:8080", "localhost"]\n',
        "nonce = true\n" + CORS + 'expose = ["dpop-nonce"]\n',
        CORS,
    ],
)
def test_good_settings_are_taken(more):
    """Everything that the docs show."""
    assert not findings(API + more)


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("algorithms = []", 5, "`algorithms` of proofs is empty"),
        ('algorithms = ["ES256", "HS256"]', 5, "whoever can verify a shared secret"),
        ('algorithms = ["none"]', 5, "would not be signed"),
        ('algorithms = ["ES265"]', 5, "not a signature algorithm"),
        ("max_age = 0", 5, "max_age"),
        ("max_age = 301", 5, "max_age"),
        ("max_remembered = 10", 5, "max_remembered"),
        ("nonces = true", 5, "nonces"),
        ('hosts = ["https://api.example.com"]', 5, "is not a host"),
        ('hosts = ["API.example.com"]', 5, "is not a host"),
        ('hosts = ["*.example.com"]', 5, "is not a host"),
        ('hosts = ["a.test/"]', 5, "is not a host"),
        ('hosts = [""]', 5, "is not a host"),
        ("nonce = true\n" + CORS, 6, "cannot read `DPoP-Nonce`"),
    ],
)
def test_mistakes_are_found(more, line, words):
    """Each with its line, and with words that name it."""
    (one,) = findings(API + more)
    assert words in one.message
    assert one.line == line
