"""The issuer: yett's own authorization server, OAuth 2.1 and OpenID Connect with passkeys first.

A framework-free core over the store of accounts: each endpoint is a function from `Ask` to
`Answer`, listed in its file's `ROUTES`; `web.py` is the thin face. It runs in the control process,
beside the gate and never in it: the gate verifies what is issued here like anybody else's tokens.
"""

from __future__ import annotations

from yett.issuer.server import Server

__all__ = ["Server"]
