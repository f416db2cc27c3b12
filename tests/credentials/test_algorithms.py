"""The table of algorithms."""

from __future__ import annotations

from joserfc.jws import JWSRegistry
from kit import hostile

from yett.credentials.algorithms import ALGORITHMS


def test_every_row_is_known_to_the_library():
    """Each name has an implementation, and the dangerous ones have no row."""
    assert ALGORITHMS.keys() <= JWSRegistry.algorithms.keys()
    assert not ALGORITHMS.keys() & {"none", "ES256K", "RS1", "Ed448"}


def test_a_row_verifies_and_refuses(keys):
    """The same signature over one other byte is refused."""
    signature = hostile.es(hostile.EC, b"message")
    key = keys.keys["ec"].key
    assert ALGORITHMS["ES256"].verifies(b"message", signature, key)
    assert not ALGORITHMS["ES256"].verifies(b"messagf", signature, key)


def test_only_hmac_is_symmetric():
    """Who can verify can sign with HS algorithms alone."""
    assert {name for name, row in ALGORITHMS.items() if row.symmetric} == {
        "HS256",
        "HS384",
        "HS512",
    }
