"""Signing in: the page that asks, the ways to answer it, and the one end that all of them have.

However somebody shows who they are, `finish` alone makes it a session.
"""

from __future__ import annotations

from yett.issuer.sign_in.finish import finish

__all__ = ["finish"]
