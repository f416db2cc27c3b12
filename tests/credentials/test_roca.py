"""The fingerprint of factorable Infineon keys."""

from __future__ import annotations

import secrets
from math import prod

from kit import hostile

from yett.credentials.roca import GENERATOR, SMALL_PRIMES, is_roca


def test_products_of_flawed_primes_are_recognised():
    """Any modulus in the generator's group has the fingerprint."""
    primorial = prod((2, *SMALL_PRIMES))
    factors = [
        secrets.randbits(100) * primorial + pow(GENERATOR, secrets.randbits(64), primorial)
        for _ in range(2)
    ]
    assert is_roca(factors[0] * factors[1])


def test_honest_moduli_are_not():
    """Random keys pass."""
    assert not is_roca(hostile.RSA.public_key().public_numbers().n)
    assert not any(is_roca(secrets.randbits(2048) | 1) for _ in range(1000))
