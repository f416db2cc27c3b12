"""A contract folder with the own issuer behind the gate, on ports that are free."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of loopback that nobody holds at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_issuer(folder, more="", gate=None, builtin=""):
    """Configure a `Folder` of tests/cli/conftest.py; answers the gate's port and the issuer's URL.

    The host is `localhost`, which browsers take for a secure context.
    """
    gate, control = gate or free_port(), free_port()
    url = f"http://localhost:{gate}/auth"
    folder.configure(
        more=f"""
[identity.builtin]
url = "{url}"
audience = "http://localhost:{gate}"
listen = "127.0.0.1:{control}"
{builtin}

[vocabulary.scopes]
"items:read" = "see items"
"items:write" = "change items"

[vocabulary.roles]
admin = ["items:read", "items:write"]
clerk = ["items:read"]
{more}
"""
    )
    return gate, url
