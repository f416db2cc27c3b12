"""Our own secret as somebody else's client: read from a file, shown as RFC 6749 s2.3.1 wants."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

from yett.state.errors import StateError
from yett.terms import Secret

MAX_SECRET_BYTES = 1024


def basic(client: str, secret: Secret) -> Secret:
    """Return the value of `Authorization`: both form-encoded, then Basic."""
    pair = ":".join(quote(part, safe="") for part in (client, secret.reveal().decode()))
    return Secret(b"Basic " + b64encode(pair.encode()))


def read_client_secret(data: bytes) -> Secret:
    """Read a client secret: a file of one line.

    Raises:
        StateError: it is empty, too long, or more than a line of text.
    """
    text = data.strip()
    try:
        good = 0 < len(text) <= MAX_SECRET_BYTES and text.decode().isprintable()
    except UnicodeDecodeError:
        good = False
    if not good:
        hint = "the file holds the secret of the client and nothing else, on one line"
        raise StateError("this is no client secret", hint=hint)
    return Secret(text)
