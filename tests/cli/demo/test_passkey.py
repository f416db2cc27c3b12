from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import webauthn

from yett.cli.demo.passkey import Passkey
from yett.cli.demo.people import encode

ORIGIN = "http://localhost:8080"
CHALLENGE = b"c" * 16
OPTIONS = {"challenge": encode(CHALLENGE), "user": {"id": encode(b"u_ada")}}
ASKED = {
    "expected_challenge": CHALLENGE,
    "expected_rp_id": "localhost",
    "expected_origin": ORIGIN,
    "require_user_verification": True,
}


def test_another_library_takes_what_it_makes_and_shows():
    """The demo's passkey is one: py_webauthn verifies both ceremonies, and the counter moves."""
    passkey = Passkey(ORIGIN)
    made = webauthn.verify_registration_response(credential=passkey.make(OPTIONS), **ASKED)
    shown = passkey.show(OPTIONS)
    found = webauthn.verify_authentication_response(
        credential=shown,
        credential_public_key=made.credential_public_key,
        credential_current_sign_count=made.sign_count,
        **ASKED,
    )
    assert found.new_sign_count == 1
    handle = json.loads(shown)["response"]["userHandle"]
    assert urlsafe_b64decode(handle + "=" * (-len(handle) % 4)) == b"u_ada"
