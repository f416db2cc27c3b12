"""Redirect URIs: where an answer may be sent, and how a refusal gets there.

Compared as text, character by character, with what the client registered (RFC 9700 s4.1.3); only
the port of a native client's loopback address is free (RFC 8252 s7.3). Nothing is ever sent to an
address that did not pass: such a refusal is shown to the person (RFC 6749 s4.1.2.1, CWE-601).
"""

from __future__ import annotations

import re

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, redirect
from yett.issuer.server import Server
from yett.state.accounts.clients import Client

# The address literals alone, matched on the text itself: `http://127.0.0.1:80@attacker` and
# `http://localhost.attacker` are what URL parsers disagree about (Authlib 1.8).
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\])(?P<port>:[1-9][0-9]{0,4})?(?=[/?]|\Z)")
MAX_PORT = 65535


def allows(client: Client, uri: str) -> bool:
    """Whether a client's answers may be sent to this URI."""
    if uri in client.redirects:
        return True
    if client.kind != "public":
        return False
    wanted = _without_port(uri)
    return bool(wanted) and any(_without_port(known) == wanted for known in client.redirects)


def is_claimed(uri: str) -> bool:
    """Whether only its owner can be reached there, so that a public client is who it says.

    An `https` URI belongs to who has the host; a loopback port or a scheme of its own belongs to
    whatever program came first (RFC 8252 s8.6).
    """
    return uri.startswith("https://")


def refuse_at(server: Server, uri: str, state: str, error: OAuthError) -> Answer:
    """Send a refusal to the client, at a URI that passed, with `iss` (RFC 9207)."""
    said = {"error": error.code}
    if error.description:
        said["error_description"] = error.description
    return redirect(uri, said | ({"state": state} if state else {}) | {"iss": server.url})


def _without_port(uri: str) -> str:
    """Return a loopback URI without its port, empty for any other."""
    found = _LOOPBACK.match(uri)
    if found is None:
        return ""
    port = found["port"] or ""
    if port and int(port[1:]) > MAX_PORT:
        return ""
    return uri[: found.start("port")] + uri[found.end("port") :] if port else uri
