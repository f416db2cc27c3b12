"""Passkeys: WebAuthn as a relying party, over py_webauthn, which does CBOR, COSE and signatures.

What it lets through and should not is refused here: two readings of the client data, ceremonies
within other sites, challenges of another browser, purpose or time, a passkey of somebody else, a
counter that goes back. User verification is always demanded. WebAuthn Level 3, s7.1 and s7.2.
"""

from __future__ import annotations

from yett.issuer.passkeys.assertion import Proof, prove, request_options
from yett.issuer.passkeys.challenge import make_challenge
from yett.issuer.passkeys.registration import creation_options, register

__all__ = [
    "Proof",
    "creation_options",
    "make_challenge",
    "prove",
    "register",
    "request_options",
]
