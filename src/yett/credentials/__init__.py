"""Credentials: presented bytes and published keys go in, a principal or a refusal comes out.

One file per way of showing who you are. Pure: the time, the keys and the rules come in as values,
a key that is missing goes out as a value. It never fetches what a token names, never lets a token
choose how it is verified, and never tells the client why it was refused.
"""

from __future__ import annotations

from yett.credentials.api_key import verify_key
from yett.credentials.jwt import read_issued, verify_jwt
from yett.credentials.keyset import KeySet, load_keys
from yett.credentials.rules import JwtRules
from yett.credentials.verifier import Verified

__all__ = [
    "JwtRules",
    "KeySet",
    "Verified",
    "load_keys",
    "read_issued",
    "verify_jwt",
    "verify_key",
]
