"""What a passkey has signed, judged without a store: pure, given its public key and the site.

One reading for sign-ins, confirmations, approvals, and for evidence that is looked at years later.
py_webauthn does CBOR, COSE and signatures; what it lets through and should not is refused here.
WebAuthn Level 3, s7.2; its step numbers stand in docs/conformance/webauthn.md.
"""
